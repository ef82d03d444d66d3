from __future__ import annotations

from dslnas.drawing.draw import figures_of
from dslnas.drawing.networks import network_figure
from tests.spaces import architecture_of, space_of


def texts(text: str, shape: tuple[int, ...] = (3, 32, 32)) -> list[tuple[str, str]]:
    space = space_of(text, shape)
    figure = network_figure(space.final, space.cells, "network")
    return [(box.text, box.note) for box in figure.boxes.values()]


def test_a_network_is_a_row_of_cells_with_their_widths() -> None:
    assert texts("use cnn.darts_v2\ndata cifar10\n") == [
        ("input", "3 x 32 x 32"),
        ("stem", ""),
        ("normal × 6", "36 channels"),
        ("reduction", "72 channels"),
        ("normal × 6", "72 channels"),
        ("reduction", "144 channels"),
        ("normal × 6", "144 channels"),
        ("head", "10 outputs"),
    ]


def test_choices_of_a_network_are_told_in_its_boxes() -> None:
    text = """use std.cnn
cell a { inputs 1; node n = relu(in1); output n }
cell b { inputs 1; widen 2; node n = conv(3)(in1); output n }
network { cells a * {1, 2}, {a, a}, b; channels {8, 16}; stem conv(3, out = C) }
"""
    assert texts(text.replace("{a, a}", "a"))[2:-1] == [
        ("a × {1, 2}", "C channels"),
        ("a", "C channels"),
        ("b", "2C channels"),
    ]


def test_every_input_has_its_stem() -> None:
    space = space_of("use papers.sif\ndata ratings\n", ())
    figure = network_figure(space.final, space.cells, "network")
    assert [*figure.graph.predecessors("cells 0")] == ["stem user", "stem item"]


def test_cells_and_networks_alike_are_drawn_once() -> None:
    text = """use std.cnn
cell a { inputs 1; node n = {relu, tanh}(in1); output n }
cell b like a {}
network { cells a, b; stem conv(3, out = C) }
"""
    titles = [figure.title for figure in figures_of(space_of(text))]
    assert titles == ["a, b", "supernet", "final network"]
    found = figures_of(architecture_of(text.replace("{relu, tanh}", "relu")))
    assert [figure.title for figure in found] == ["a, b", "network"]
    same = text.replace("C) }", "C); channels 8 }") + "evaluate { channels 8 }\n"
    assert [figure.title for figure in figures_of(space_of(same))] == [
        "a, b",
        "supernet, final network",
    ]
