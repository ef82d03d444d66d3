from __future__ import annotations

import sys
from pathlib import Path

import pytest

import dslnas
from dslnas.diagnostics import UserError
from dslnas.runs.folder import ARCHITECTURE
from tests.drawing.drawn import boxes_of
from tests.report.made_runs import write_run

ROOT = Path(__file__).resolve().parents[2]
SPACE = ROOT / "specs/digits_two_operations.nas"


def test_the_kind_of_a_file_follows_from_its_name(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    starts = {".svg": b"<svg ", ".dot": b"digraph ", ".png": b"\x89PNG"}
    for ending, start in starts.items():
        file = tmp_path / f"cell{ending}"
        svg = dslnas.draw("cnn.darts_v2", file, cell="normal")
        assert file.read_bytes().startswith(start)
        assert svg.startswith("<svg ")


def test_of_a_run_its_architecture_is_drawn_and_its_spec_before_that_is_found(
    tmp_path: Path,
) -> None:
    run = write_run(tmp_path / "run", spec="use papers.darts\ndata digits\n")
    before = boxes_of(dslnas.draw(run, cell="normal"))
    assert any("choice" in box.look for box in before)
    (run / ARCHITECTURE).write_text("use cnn.darts_v2\n", encoding="utf-8")
    found = boxes_of(dslnas.draw(run, cell="normal"))
    assert "dil_conv(3)" in [box.text for box in found]


def test_a_compiled_spec_is_drawn_as_it_was_compiled() -> None:
    spec = dslnas.compile_spec(SPACE, ["network.channels=24"])
    assert "24 channels" in dslnas.draw(spec)
    assert dslnas.draw(spec) == dslnas.draw(SPACE, overrides=["network.channels=24"])


def test_a_cell_may_be_drawn_as_its_primitives() -> None:
    svg = dslnas.draw("cnn.darts_v2", cell="reduction", primitives=True)
    assert [box.text for box in boxes_of(svg) if box.tip.startswith("reads")] == ["cell4", "cell5"]


@pytest.mark.parametrize("primitives", [False, True])
def test_an_unknown_cell_is_told_with_the_nearest_name(primitives: bool) -> None:
    with pytest.raises(UserError) as error:
        dslnas.draw("cnn.darts_v2", cell="norml", primitives=primitives)
    assert "error[NAS822]: has no cell `norml` to draw" in str(error.value)
    assert "did you mean `normal`?" in str(error.value)


def test_other_kinds_of_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'\S+cell.gif' ends in none of .svg, .png, .dot"):
        dslnas.draw("cnn.darts_v2", tmp_path / "cell.gif")
    assert not [*tmp_path.iterdir()]


def test_what_cannot_be_drawn_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(UserError, match="NAS821"):
        dslnas.draw("cnn.darts_v2", tmp_path / "cell.png")
    assert not [*tmp_path.iterdir()]
