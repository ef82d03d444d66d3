from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslnas.drawing.cells import cell_figure
from dslnas.drawing.draw import cell_svg
from dslnas.drawing.figure import Figure, Role
from dslnas.drawing.layout import layout_of
from dslnas.drawing.svg import svg_text
from dslnas.language.check.cell import Cell
from dslnas.language.link.sources import library_names
from tests.drawing.drawn import SVG, boxes_of, overlapping
from tests.examples import examples
from tests.spaces import space_of
from tests.strategies import SpaceText, rating_spaces, spaces, valued_spaces

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"

FOUND = {
    "darts_v2_normal": ("cnn.darts_v2", "normal"),
    "darts_v2_recurrent": ("rnn.darts_v2", "recurrent"),
}


def library_cells(file: str) -> Mapping[str, Cell]:
    is_recurrent = file.startswith("rnn.")
    text = f"use {file}\ndata {'text' if is_recurrent else 'cifar10'}\n"
    return space_of(text, () if is_recurrent else (3, 32, 32)).cells


def library_cell(file: str, name: str) -> Cell:
    return library_cells(file)[name]


def struck(figure: Figure) -> list[tuple[str, ...]]:
    """Return the lines that run straight through a box, each with the box."""
    layout = layout_of(figure)
    return [
        (*line, name)
        for line, way in layout.ways.items()
        for passed in way[1:-1]
        for name, place in layout.places.items()
        if place.left < passed.right and passed.left < place.right
        if abs(place.y - passed.y) <= figure.boxes[name].height / 2
    ]


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


def test_the_picture_of_the_readme_is_what_is_drawn(expect: Callable[[Path, str], None]) -> None:
    figures = [cell_figure(library_cell(*cell)) for cell in FOUND.values()]
    expect(ROOT / "docs/cells.svg", f"{svg_text(figures)}\n")


@given(st.one_of(spaces(), valued_spaces(), rating_spaces()))
@settings(max_examples=examples(12))
def test_every_edge_of_any_cell_stands_there_once_and_no_two_boxes_overlap(
    text: SpaceText,
) -> None:
    for cell in text.space().cells.values():
        boxes = boxes_of(cell_svg(cell))
        tips = Counter(box.tip for box in boxes)
        assert {tip: tips[tip] for tip in told(cell)} == told(cell)
        assert not overlapping(boxes)
        assert not struck(cell_figure(cell))


@pytest.mark.parametrize("file", [n for n in library_names() if n.startswith(("cnn.", "rnn."))])
@pytest.mark.sample(8)
def test_boxes_of_published_cells_stand_apart_and_no_line_runs_through_one(file: str) -> None:
    for cell in library_cells(file).values():
        assert not overlapping(boxes_of(cell_svg(cell)))
        assert not struck(cell_figure(cell))


def test_the_same_cell_gives_the_same_bytes_in_every_process() -> None:
    program = "import dslnas; print(dslnas.draw('cnn.darts_v2', cell='normal'))"
    environment = os.environ | {"PYTHONHASHSEED": "3", "PYTHONUTF8": "1"}
    command = [sys.executable, "-c", program]
    made = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert made.stdout.decode() == (GOLDEN / "darts_v2_normal.svg").read_text(encoding="utf-8")


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
    title = f"{evil} \0\x1b\ud800"
    svg = cell_svg(library_cell("cnn.darts_v2", "normal"), title=title, notes={0: title})
    assert fromstring(svg).findtext(f"{SVG}title") == f"{evil} \ufffd\ufffd\ufffd"
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


def test_edges_that_choose_alike_are_told_once_below() -> None:
    svg = cell_svg(library_cell("papers.darts", "normal"))
    boxes = boxes_of(svg)
    assert Counter(box.text for box in boxes if "choice" in box.look) == {"8 operations": 14}
    assert svg.count("8 operations: none, max_pool(3), avg_pool(3), skip_connect, sep_conv(3)") == 1


def test_short_choices_are_written_on_their_edges() -> None:
    cell = "cell one { inputs 1; node n = {relu, tanh}(in1); output n }"
    space = space_of(f"use std.cnn\n{cell}\nnetwork {{ cells one }}")
    boxes = boxes_of(cell_svg(space.cells["one"]))
    assert [box.text for box in boxes if "choice" in box.look] == ["relu, tanh"]


def test_a_recurrent_cell_has_its_states_at_both_ends() -> None:
    texts = [box.text for box in boxes_of(cell_svg(library_cell("rnn.lstm", "lstm")))]
    assert Counter(texts) >= Counter(["xt", "ht−1", "ct−1", "ht", "ct", "+", "+", "×", "×", "×"])


def test_values_read_at_once_lead_into_one_choice() -> None:
    cell = space_of("use papers.sif\ndata ratings\n", ()).cells["interaction"]
    figure = cell_figure(cell)
    (label,) = (name for name, box in figure.boxes.items() if box.role is Role.CHOICE)
    assert [*figure.graph.predecessors(label)] == ["p", "q"]


def test_cells_inside_of_a_cell_stand_in_frames() -> None:
    text = (ROOT / "specs/digits_hierarchical.nas").read_text(encoding="utf-8")
    boxes = boxes_of(cell_svg(space_of(text, (1, 8, 8)).cells["stage"]))
    frames = [box for box in boxes if box.look == "frame"]
    assert [frame.text for frame in frames] == ["first", "second"]
    inside = [[box.text for box in boxes if frame.frames(box)] for frame in frames]
    assert [[text for text in texts if len(text) == 2] for texts in inside] == [
        ["n1", "n2", "n3"]
    ] * 2


def test_operations_too_long_for_their_edge_are_told_below_by_letters() -> None:
    text = (ROOT / "specs/digits_mobilenet.nas").read_text(encoding="utf-8")
    svg = cell_svg(space_of(text, (1, 8, 8)).cells["stage"])
    whole = "inverted_residual({3, 5, 7}, {3, 6}, hard_swish, {identity, excite})"
    labels = ["A: inverted_residual(…)", "B: 2 operations"]
    assert [box.text for box in boxes_of(svg) if "->" in box.tip] == labels
    assert f"{labels[0]}: {whole}<" in svg
    assert f"{labels[1]}: {whole}, skip_connect<" in svg


@pytest.mark.parametrize("name", ["normal", "reduction"])
def test_inputs_stand_in_their_order(name: str) -> None:
    layout = layout_of(cell_figure(library_cell("cnn.nasnet_a", name)))
    assert layout.places["in1"].y < layout.places["in2"].y
