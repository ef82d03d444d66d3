"""`dslnas train`: architectures by name, from runs and files, on their own data and on others."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from dslnas.cli.main import run
from dslnas.exporters.catalogue import EXPORTERS
from tests.cli.outcome import Interrupt, manifest_in
from tests.data.every_source import MADE
from tests.small import SMALL

QUICK = ("images", "table", "text")
"""Sources that are tried by default."""

TINY = ("--channels", "2", "--set", "evaluate.repeat=0", "--epochs", "1", "--batch", "8")

# Cells for the examples of a source that are no images.
OTHER_CELLS = {
    "table": "use std.common\nop layer = linear(C) -> relu\n"
    "cell one { inputs 1; node n1 = layer(in1); output n1 }\n"
    "network { stem linear(C); cells one; head linear(classes) }\ndata table\n",
    "signals": "use std.cnn\ncell one { inputs 1; node n1 = relu_conv_bn(3)(in1); output n1 }\n"
    "network { cells one }\ndata signals\n",
    "text": "use rnn.gru\ndata text { level word }\n",
    "ptb": "use rnn.gru\ndata ptb\n",
    "ratings": "use ratings.plus\ndata ratings\n",
}


SOURCES = [s if s in QUICK else pytest.param(s, marks=pytest.mark.slow) for s in MADE]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(SMALL)
    return path


def train(*arguments: Path | str) -> int:
    return run(["train", *map(str, arguments)])


def advised(printed: str) -> list[str]:
    """Return the arguments of the command that the last line of a report advises."""
    words = shlex.split(printed.splitlines()[-1])
    assert words[0] == "dslnas"
    return words[1:]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.sample(1)
def test_what_a_run_advises_works_as_printed_whatever_its_data_are(
    source: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    data = MADE[source](tmp_path).relative_to(tmp_path)
    architecture: Path | str = "cnn.darts_v2"
    if source in OTHER_CELLS:
        architecture = tmp_path / "cells.nas"
        architecture.write_text(OTHER_CELLS[source])
    assert train(architecture, "--data", data, *TINY, "--out", "my run") == 0
    again = advised(capsys.readouterr().out)
    assert again == ["train", "my run/architecture.nas"]
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again[1] = f"../{again[1]}"
    assert run([*again, "--out", "again"]) == 0
    first, second = manifest_in(tmp_path / "my run"), manifest_in(Path("again"))
    assert first["data_hash"] == second["data_hash"]
    assert run(["check", "../my run/spec.nas"]) == 0
    assert run(["export", "../my run"]) == 0


def test_the_cells_of_a_run_are_trained_on_other_data(finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "other"
    assert train(finished, "--data", MADE["npz"](tmp_path), *TINY, "--out", out) == 0
    words = (out / "architecture.nas").read_text(encoding="utf-8").split()
    assert "input 1 x 8 x 8 classes 4" in " ".join(words)
    assert "data npz {" in " ".join(words)


def test_a_run_without_an_architecture_says_what_goes_on_with_it(
    spec: Path, tmp_path: Path, interrupt: Interrupt, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    interrupt("search", 1)
    assert run(["compile", str(spec), "--search", "--seed", "3", "--out", str(out)]) == 130
    for command in ("train", "export"):
        capsys.readouterr()
        assert run([command, str(out / "architecture.nas")]) == 1
        said = capsys.readouterr().err
        assert "error[NAS024]: has no architecture yet: its search is not over" in said
    interrupt("search", 0)
    told = shlex.split(said.split("`")[1])
    assert told[-2:] == [str(out), "--resume"]
    assert run(told[1:]) == 0


def test_a_training_survives_an_interruption_and_a_fault_of_its_export(
    tmp_path: Path,
    interrupt: Interrupt,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(model: object) -> dict[str, bytes]:
        raise KeyError("a fault")

    out = tmp_path / "run"
    interrupt("retrain", 1)
    assert train("cnn.darts_v2", "--data", MADE["npz"](tmp_path), *TINY, "--out", out) == 130
    by_signal = capsys.readouterr().err.splitlines()[-1]
    assert run(["export", str(out)]) == 1
    by_error = capsys.readouterr().err.split("`")[1]
    interrupt("retrain", 0)
    with monkeypatch.context() as patch:
        patch.setattr(EXPORTERS["python"], "files", fail)
        assert run(shlex.split(by_signal)[1:]) == 3
    kept = f"The trained weights are kept: `dslnas export {out}` tries again"
    assert kept in capsys.readouterr().err
    assert run(["export", str(out), "--set", "export.formats=onnx"]) == 0
    assert manifest_in(out)["status"] == "finished"
    assert run(shlex.split(by_error)[1:]) == 0


def test_what_cannot_be_trained_is_told(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(spec) == 1
    assert "cannot be trained: it still has choices" in capsys.readouterr().err
    assert train("cnn.darts_v2", "--channels", "many") == 1
    assert "`channels` must be a whole number, not `many`" in capsys.readouterr().err
    assert train("rnn.gru", "--repeat", "3") == 2
    assert "--repeat changes nothing: `cells` of the network have no N" in capsys.readouterr().err
