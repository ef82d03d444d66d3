"""Options that say how networks run, and what the passes do to a network."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from dslnas.cli.main import run
from dslnas.passes.manager import PREDICTING, TRAINING, USUAL
from tests.cli.outcome import manifest_in, search
from tests.small import SMALL


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.nas"
    path.write_text(SMALL)
    return path


def test_a_search_with_passes_and_one_without_find_the_same(spec: Path, tmp_path: Path) -> None:
    found = []
    for passes in ("all", "none"):
        out = tmp_path / passes
        assert search(spec, out, "--precision", "float64", "--passes", passes) == 0
        found.append((out / "architecture.nas").read_text())
        manifest = manifest_in(out)
        assert manifest["precision"] == "float64"
        assert manifest["passes"] == (list(USUAL) if passes == "all" else [])
    assert found[0] == found[1]


def test_mixed_precision_searches_trains_and_exports(spec: Path, tmp_path: Path) -> None:
    out = tmp_path / "mixed"
    assert search(spec, out, "--precision", "bfloat16", "--passes", "share_equal,fold_norms") == 0
    manifest = manifest_in(out)
    assert (manifest["precision"], manifest["execution"]) == ("bfloat16", "eager")
    assert manifest["passes"] == ["share_equal", "fold_norms"]
    assert max(manifest["results"]["largest_difference"].values()) < 1e-4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--passes", "share_eqal"], "passes: error[NAS806]: unknown pass `share_eqal`"),
        (["--passes", "all - separabel"], "passes: error[NAS806]: unknown pass `separabel`"),
        (["--passes", ""], "passes: error[NAS806]: unknown pass ``"),
        (
            ["--passes", "share_equal,bundle_convs"],
            "passes: error[NAS806]: pass `bundle_convs` cannot be chosen: it runs by itself "
            "while a network trains",
        ),
        (
            ["--passes", "absorb_norms"],
            "passes: error[NAS806]: pass `absorb_norms` cannot be chosen: it runs by itself "
            "where a network is exported",
        ),
    ],
)
def test_unknown_passes_are_refused_before_anything_is_written(
    spec: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    assert search(spec, tmp_path / "out", *arguments) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "option", [["--passes", "none"], ["--execution", "compile"], ["--precision", "float64"]]
)
def test_options_of_a_run_need_one(
    spec: Path, capsys: pytest.CaptureFixture[str], option: list[str]
) -> None:
    assert run(["compile", str(spec), *option]) == 2
    assert f"{option[0]} needs --search; without it nothing is trained" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message", "cure"),
    [
        ("--precision tf32", "`tf32` is a way in which GPUs multiply", "leave `precision` out"),
        (
            "--execution compile+graphs",
            "`compile+graphs` needs a GPU: there are no CUDA graphs on a CPU",
            "name a GPU by `device`, such as `cuda`, or let steps run by `compile`",
        ),
        (
            "--precision tf32 --device cpu:0",
            "`tf32` is a way in which GPUs multiply",
            "leave `precision` out",
        ),
        (
            "--execution compile --passes none",
            "`compile` with passes `none`: networks then run by the library's functions alone",
            "leave out `passes`, or let steps run by `eager`",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_written(
    spec: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: str,
    message: str,
    cure: str,
) -> None:
    assert search(spec, tmp_path / "out", *options.split()) == 1
    where = options.split()[0].removeprefix("--")
    error = capsys.readouterr().err
    assert f"{where}: error[NAS014]: {message}\n" in error
    assert f"help: {cure}\n" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("execution", "instead"), [("compile", "eager"), ("compile+graphs", "graphs")]
)
def test_recurrent_cells_are_not_compiled(
    execution: str, instead: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = Path(__file__).parents[2] / "specs" / "ptb_small_lstm.nas"
    assert run(["export", str(spec), "--device", "cuda", "--execution", execution]) == 1
    error = capsys.readouterr().err
    assert f"execution: error[NAS014]: `{execution}` is for cells of images" in error
    assert f"let steps run by `{instead}`" in error


def test_a_run_is_not_gone_on_with_in_another_precision(
    spec: Path, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for option, message in (
        (["--precision", "bfloat16"], "its precision is `float32`, not `bfloat16`"),
        (["--passes", "none"], f"its passes is `{', '.join(USUAL)}`, not `none`"),
    ):
        assert search(spec, finished, "--resume", *option) == 1
        assert message in capsys.readouterr().err


def test_passes_are_shown_as_a_table(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", str(spec), "--passes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["pass", "nodes", "then", "ms", "what", "it", "does"]
    rows = [line.split() for line in lines[1:]]
    assert [row[0] for row in rows] == [*USUAL, "all", *TRAINING, *PREDICTING]
    *each, whole = rows[: len(USUAL) + 1]
    assert all(before[2] == row[1] for before, row in pairwise(each))
    assert whole[1:3] == [each[0][1], each[-1][2]]
    phases = [*["trains"] * len(TRAINING), *["exported"] * len(PREDICTING)]
    assert [row[-1] for row in rows[len(USUAL) + 1 :]] == phases


def test_the_graph_behind_a_pass_is_shown(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", str(spec), "--graph"]) == 0
    before = capsys.readouterr().out
    assert run(["show", str(spec), "--graph", "--after", "drop_zeros"]) == 0
    after = capsys.readouterr().out
    assert " zero" in before
    assert " zero" not in after
    assert run(["show", str(spec), "--graph", "--after", "nothing"]) == 1
    assert "after: error[NAS806]: unknown pass `nothing`" in capsys.readouterr().err
    assert run(["show", str(spec), "--after", "drop_zeros"]) == 2


def test_what_is_printed_for_machines_says_how_it_ran(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search(spec, tmp_path / "out", "--json", "--passes", "none") == 0
    assert json.loads(capsys.readouterr().out)["passes"] == []
