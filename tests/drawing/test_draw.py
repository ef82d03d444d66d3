from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslnas.drawing.draw import cell_svg
from dslnas.language.check.cell import Cell
from tests.drawing.drawn import SVG, boxes_of, overlapping
from tests.spaces import space_of
from tests.strategies import SpaceText, rating_spaces, spaces, valued_spaces

GOLDEN = Path(__file__).parent / "golden"

FOUND = {
    "darts_v2_normal": ("cnn.darts_v2", "normal"),
    "darts_v2_recurrent": ("rnn.darts_v2", "recurrent"),
}


def library_cell(file: str, name: str) -> Cell:
    is_recurrent = file.startswith("rnn.")
    text = f"use {file}\n" + ("data text\n" if is_recurrent else "data cifar10\n")
    shape = () if is_recurrent else (3, 32, 32)
    return space_of(text, shape).cells[name]


def told(cell: Cell) -> Counter[str]:
    """Return the edges of a cell in words, each with its operations."""
    return Counter(
        f"{cell.shown(edge)}: {', '.join(operation.text for operation in edge.operations)}"
        for edge in cell.edges
    )


@pytest.mark.parametrize("golden", FOUND)
def test_published_cells_are_drawn_as_they_were_looked_at(
    golden: str, expect: Callable[[Path, str], None]
) -> None:
    expect(GOLDEN / f"{golden}.svg", f"{cell_svg(library_cell(*FOUND[golden]))}\n")


@given(st.one_of(spaces(), valued_spaces(), rating_spaces()))
@settings(max_examples=12)
def test_every_edge_of_any_cell_stands_there_once_and_no_two_boxes_overlap(
    text: SpaceText,
) -> None:
    for cell in text.space().cells.values():
        boxes = boxes_of(cell_svg(cell))
        tips = Counter(box.tip for box in boxes)
        assert {tip: tips[tip] for tip in told(cell)} == told(cell)
        assert not overlapping(boxes)


def test_the_same_cell_gives_the_same_bytes_in_every_process() -> None:
    program = (
        "from tests.drawing.test_draw import *\n"
        "print(cell_svg(library_cell('cnn.darts_v2', 'normal')))"
    )
    environment = os.environ | {"PYTHONHASHSEED": "3"}
    command = [sys.executable, "-c", program]
    made = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    golden = GOLDEN / "darts_v2_normal.svg"
    assert made.stdout == golden.read_text(encoding="utf-8")


def test_notes_stand_below_their_operations_and_marked_edges_stand_out() -> None:
    cell = library_cell("cnn.darts_v2", "normal")
    boxes = boxes_of(cell_svg(cell, notes={7: "next: relu, 0.02"}, marked=[7]))
    (noted,) = (box for box in boxes if "\n" in box.text and "concat" not in box.text)
    assert noted.text == "dil_conv(3)\nnext: relu, 0.02"
    assert noted.tip == "n1 -> n4: dil_conv(3), next: relu, 0.02"
    assert "marked" in noted.look
    assert sum("marked" in box.look for box in boxes) == 1


def test_texts_of_others_are_escaped() -> None:
    evil = "</svg><script>alert(1)</script> & \"'"
    svg = cell_svg(library_cell("cnn.darts_v2", "normal"), title=evil, notes={0: evil})
    assert fromstring(svg).findtext(f"{SVG}title") == evil
    assert "<script" not in svg
    assert not list(fromstring(svg).iter(f"{SVG}script"))


def test_operations_have_the_same_colour_in_drawings_that_name_them_alike() -> None:
    names = ["skip_connect", "max_pool(3)", "sep_conv(3)", "dil_conv(3)"]
    looks: dict[str, set[str]] = {}
    for cell in ("normal", "reduction"):
        drawn = cell_svg(library_cell("cnn.darts_v2", cell), operations=names)
        for box in boxes_of(drawn):
            if box.look.startswith("operation"):
                looks.setdefault(box.text, set()).add(box.look)
    assert looks == {name: {f"operation tone{n}"} for n, name in enumerate(names)}


def test_a_page_may_hold_a_drawing_many_times() -> None:
    svg = cell_svg(library_cell("cnn.darts_v2", "normal"))
    assert " id=" not in svg
    assert "url(" not in svg
