from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslnas.report.figures.cells import cell_drawings
from dslnas.report.figures.dots import Among, Dot, Dots, among, dot_plot
from dslnas.report.figures.heat import MOST_EPOCHS, Choice, HeatMap, Strip, heat_map
from dslnas.report.figures.lines import LINE, Chart, Series, line_chart
from dslnas.report.figures.matrix import Matrix, matrix
from dslnas.report.numbers import Number
from tests.spaces import architecture_of

ODD = 'a & "b" <c>'


def number(value: float, source: str = "") -> Number:
    return Number(value, f"{value:.4g}", source)


def series(name: str, *values: float) -> Series:
    return Series(name, tuple((epoch, number(value)) for epoch, value in enumerate(values, 1)))


def heat(scores: tuple[float | None, ...], last: float | None = 0.5) -> HeatMap:
    told = None if last is None else number(last, "metrics.jsonl#/0/scores/normal/0/0")
    strip = Strip(ODD, scores, told, is_chosen=True)
    return HeatMap(ODD, (Choice(ODD, "n1", (strip,)),), 0.0, 1.0)


FIGURES: dict[str, Callable[[], str]] = {
    "lines": lambda: line_chart(Chart(ODD, (series(ODD, 1.0, 2.0), series("b", 3.0)))),
    "one epoch": lambda: line_chart(Chart(ODD, (series(ODD, 0.0),), bound=(0.5, ODD))),
    "heat": lambda: heat_map(heat((0.0, None, 1.0))),
    "matrix": lambda: matrix(Matrix((ODD, "b"), {(ODD, "b"): number(3), ("b", "b"): number(1)})),
    "dots": lambda: dot_plot(Dots(ODD, "x", "y", (Dot(ODD, number(10), number(0.5)),))),
    "among": lambda: among(Among(ODD, number(1), (number(2), number(3)), number(2.5))),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_whole_and_has_a_name_whatever_words_it_holds(name: str) -> None:
    root = ElementTree.fromstring(FIGURES[name]())
    assert root.get("role") == "img"
    assert root.get("aria-label") == root.findtext("title") != ""


def marks(figure: str, kind: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(figure)
    return [e for e in root.iter() if kind in e.get("class", "").split()]


def test_a_line_has_a_point_for_every_number_that_tells_it_and_its_source() -> None:
    point = Number(0.123456789, "0.1235", "metrics.jsonl#/3/train_loss")
    (dot,) = marks(line_chart(Chart("Loss", (Series("training", ((4, point),)),))), "dot")
    assert dot.get("data-from") == "metrics.jsonl#/3/train_loss"
    assert float(dot.get("data-value", "")) == 0.123456789
    assert dot.findtext("title") == "training, epoch 4: 0.1235"


def test_higher_numbers_and_later_epochs_lie_where_one_looks_for_them() -> None:
    dots = marks(line_chart(Chart("Loss", (series("a", 1.0, 3.0, 2.0),))), "dot")
    (x1, y1), (x2, y2), (x3, y3) = ((float(d.get("cx", "")), float(d.get("cy", ""))) for d in dots)
    assert x1 < x2 < x3
    assert y2 < y3 < y1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_names_of_lines_never_lie_on_one_another(ends: list[float]) -> None:
    chart = Chart("Loss", tuple(series(f"line {n}", end) for n, end in enumerate(ends)))
    heights = sorted(float(name.get("y", "")) for name in marks(line_chart(chart), "name"))
    assert len(heights) == len(ends)
    steps = [lower - upper for upper, lower in pairwise(heights)]
    assert min(steps, default=LINE) >= LINE - 0.2


def widths(figure: str) -> dict[str, float]:
    """Return how wide the stretches of each colour are, together."""
    root, found = ElementTree.fromstring(figure), {}
    for path in root.iter("path"):
        runs = [
            float(part.split("h")[1].split("v")[0]) for part in path.get("d", "").split("z")[:-1]
        ]
        found[path.get("class", "")] = sum(runs)
    return found


def test_a_strip_gives_every_epoch_the_same_room_and_the_colour_of_its_score() -> None:
    found = widths(heat_map(heat((0.0, 0.0, 1.0, 0.5))))
    assert found.keys() == {"h0", "h15", "h8"}
    assert found["h0"] == pytest.approx(2 * found["h15"], abs=0.2)
    assert found["h8"] == pytest.approx(found["h15"], abs=0.2)


def test_what_is_out_of_the_question_has_no_colour() -> None:
    figure = heat_map(heat((None, None), last=None))
    assert not widths(figure)
    (frame,) = marks(figure, "strip")
    assert frame.findtext("title") == f"{ODD} of {ODD}: out of the question"


def test_what_has_overflowed_has_no_colour_and_the_widest_range_is_drawn() -> None:
    wide = replace(
        heat((float("nan"), float("inf"), -1.5e308, 1.5e308)), low=-1.5e308, high=1.5e308
    )
    assert widths(heat_map(wide)).keys() == {"h0", "h15"}


def test_a_long_search_is_drawn_with_fewer_epochs() -> None:
    waves = tuple(float(epoch % 2) for epoch in range(1001))
    paths = ElementTree.fromstring(heat_map(heat(waves))).iter("path")
    assert 0 < sum(path.get("d", "").count("z") for path in paths) <= MOST_EPOCHS


def test_a_matrix_tells_right_from_wrong_and_shades_by_the_share_of_the_class() -> None:
    counts = {("a", "a"): number(9), ("a", "b"): number(1), ("b", "b"): number(2)}
    figure = matrix(Matrix(("a", "b"), counts))
    (wrong,) = marks(figure, "wrong")
    assert wrong.findtext("title") == "a taken for b: 1"
    assert [mark.get("class") for mark in marks(figure, "right")] == ["right h15", "right h15"]
    assert len(marks(figure, "none")) == 1


def test_operations_have_one_colour_in_all_cells() -> None:
    found = architecture_of(
        "use std.cnn\ncell a { inputs 1; node n = relu(in1); node m = tanh(n); output m }\n"
        "cell b { inputs 1; node n = tanh(in1); output n }\n"
        "network { cells a, b; stem conv(3, out = C) }\n"
    )
    tones = [
        re.findall(r'class="operation (tone\d)"[^/]*/><text[^>]*>tanh<', drawing)
        for drawing in cell_drawings(found)
    ]
    assert tones == [["tone1"], ["tone1"]]
