"""Runs of specs with choices inside of operations and around cells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import dslnas
from dslnas.cli.main import run
from dslnas.runs.architecture import network_of
from tests.cli.outcome import Interrupt, assert_same, interrupting, search, search_briefly
from tests.exporters.brief import check_briefly

SPEC = """use std.cnn
cell wide { inputs 1; node n1 = {sep_conv({3, 5}), skip_connect}(in1); output n1 }
cell narrow { inputs 1; node n1 = (conv({1, 3}) -> {relu, tanh})(in1); output n1 }
network { stem conv(3, out = C); cells {wide, narrow} * 2, wide * {0, 1}; channels {2, 4} }
data digits { subset 10%; batch 32 }
search darts { epochs 2; sharing slices }
derive { against 0 }
evaluate { epochs 1; batch 32 }
"""
SEARCH = ("--repeats", "1", "--baseline")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("chosen") / "chosen.nas"
    path.write_text(SPEC)
    return path


@pytest.fixture(scope="module")
def repeated(spec: Path) -> Path:
    """The folder of a search and of a random architecture. Nobody may write to it."""
    search_briefly(spec, spec.parent / "runs", *SEARCH)
    return spec.parent / "runs"


def test_repeats_tell_what_was_chosen_around_the_cells(
    spec: Path, repeated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search(spec, repeated, *SEARCH) == 0  # all runs are there
    text = capsys.readouterr().out
    summary = json.loads((repeated / "summary.json").read_text())
    for name, folder in (("search", "seed-0"), ("baseline", "random-seed-0")):
        chosen = network_of(repeated / folder)
        assert chosen.keys() == {"cells", "channels"}
        assert summary[name]["runs"][0]["network"] == chosen
        told = f"the network around them: cells {chosen['cells']}; channels {chosen['channels']}"
        assert told in text
    assert "inner" not in text


@pytest.mark.sample(0)
def test_an_interrupted_search_of_all_choices_goes_on_bit_for_bit(
    spec: Path, repeated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_briefly(monkeypatch)
    with interrupting() as interrupt:
        _interrupt(interrupt, spec, tmp_path / "out")
    assert search(spec, tmp_path / "out", "--resume") == 0
    assert_same(repeated / "seed-0", tmp_path / "out")


def _interrupt(interrupt: Interrupt, spec: Path, out: Path) -> None:
    interrupt("search", 2)
    assert search(spec, out) == 130


def test_what_is_chosen_is_exported_to_every_runtime(repeated: Path, tmp_path: Path) -> None:
    found = dslnas.export(dslnas.load_run(repeated / "seed-0"), tmp_path)
    assert set(found.differences) == {"onnx", "python"}
    assert max(found.differences.values()) < 1e-5


def test_an_unfinished_choice_around_cells_is_told_where_cells_are_converted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wide.nas"
    path.write_text("use papers.nas_bench_201\nnetwork { channels {8, 16} }\n")
    cell = "|skip_connect~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|skip_connect~2|"
    assert run(["convert", cell, "--spec", str(path)]) == 1
    assert "NAS310]: has choices that cells alone do not make" in capsys.readouterr().err
