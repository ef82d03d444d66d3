from __future__ import annotations

from pathlib import Path

import pytest

from dslnas.cli.main import run
from tests.drawing.drawn import boxes_of


def test_a_drawing_goes_to_a_file_or_else_to_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cell.svg"
    assert run(["draw", "cnn.darts_v2", "--cell", "normal"]) == 0
    shown = capsys.readouterr().out
    assert run(["draw", "cnn.darts_v2", "--cell", "normal", "-o", str(file)]) == 0
    assert file.read_text(encoding="utf-8") == shown
    assert "dil_conv(3)" in [box.text for box in boxes_of(shown)]


def test_endings_that_cannot_be_drawn_are_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["draw", "cnn.darts_v2", "-o", str(tmp_path / "cell.gif")]) == 2
    assert "cell.gif ends in none of .svg, .png, .dot" in capsys.readouterr().err


def test_what_is_no_spec_is_told_as_ever(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["draw", "nothing.nas"]) == 1
    assert "error[NAS001]: file does not exist" in capsys.readouterr().err


def test_what_is_no_run_is_told_with_what_can_be_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["draw", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"{tmp_path}: error[NAS023]: is not a run folder: it has no readable manifest.json\n"
        "  = help: give a `.nas` file, or the folder of a run\n"
    )
