"""Cells that nodes of other cells apply."""

from __future__ import annotations

import pytest

from dslnas.language.check.cell import Cell
from dslnas.space.count import count_architectures
from dslnas.space.derive.derive import derive
from dslnas.space.text import cell_text
from tests.language.pipeline import complaint_about
from tests.spaces import architecture_of, random_scores, space_of

NETWORK = """
network { stem conv(3, out = C); cells outer; channels 4 }
evaluate { channels 4; auxiliary 0 }
"""
INNER = """cell inner {
    inputs      2
    preprocess  preprocess
    nodes       2
    choose      conv(3), skip_connect
    keep        1
    output      mean
}
"""
DEEP = """cell deep { inputs x; node a = {relu, tanh}(x); output a * sigmoid(x) }
cell inner { inputs 1; node b = deep(in1 + tanh(in1)); output b }
"""


def text_of(outer: str, inner: str = INNER) -> str:
    return f"use std.cnn\n{inner}cell outer {{ {outer} }}{NETWORK}"


def edges_of(cell: Cell) -> list[tuple[str, str, list[str]]]:
    return [(e.source, e.target, [o.text for o in e.operations]) for e in cell.edges]


def test_a_cell_in_a_node_is_a_copy_of_its_nodes() -> None:
    space = space_of(text_of("inputs 1; node out = inner(in1, in1) + relu(in1); output out"))
    by_hand = space_of(
        text_of(
            """inputs 1; keep 1
            node out_in1 = preprocess(in1); node out_in2 = preprocess(in1)
            node out_n1 = {conv(3), skip_connect}(out_in1) + {conv(3), skip_connect}(out_in2)
            node out_n2 = {conv(3), skip_connect}(out_in1) + {conv(3), skip_connect}(out_in2) +
                {conv(3), skip_connect}(out_n1)
            let out_out = mean(out_n1, out_n2)
            node out = out_out + relu(in1); output out""",
            inner="",
        )
    )
    found, expected = space.cells["outer"], by_hand.cells["outer"]
    assert sorted(edges_of(found)) == sorted(edges_of(expected))
    assert found.keep == expected.keep == 1
    assert count_architectures(space) == count_architectures(by_hand) == (2 * 2) * (3 * 2)


def test_every_use_has_choices_of_its_own_and_what_is_derived_is_a_cell() -> None:
    space = space_of(text_of("inputs 1; node a = inner(in1); node b = inner(a); output b", DEEP))
    assert [e.target for e in space.cells["outer"].choices] == ["a_b_a", "b_b_a"]
    derived = derive(space, random_scores(space, 3))
    again = architecture_of(f"use std.cnn\n{cell_text(derived.cells['outer'])}{NETWORK}")
    assert again.hash == derived.hash


@pytest.mark.parametrize(
    ("outer", "inner", "message"),
    [
        ("inputs 1; node a = inner(in1); output a", INNER, "cell `inner` has 2 inputs, found 1"),
        ("inputs 1; node a = {inner, relu}(in1)", DEEP, "`inner` is a cell, and choices are made"),
        (
            "inputs 1; keep 2; node a = inner(in1, in1)",
            INNER,
            "`keep` of cell `inner` is another than that of the cell around it",
        ),
        (
            "inputs 1; node a = inner(in1)",
            "cell inner { inputs 1; stride 2; node a = relu(in1) }\n",
            "`stride` of cell `inner` does not go with its use inside of a cell",
        ),
        (
            "inputs 1; node a = inner(in1)",
            "cell inner { inputs 1; node a = other(in1) }\n"
            "cell other { inputs 1; node a = inner(in1) }\n",
            "cell is inside of itself: other -> inner -> other",
        ),
        (
            "inputs 1; node a = outer(in1)",
            "",
            "cell is inside of itself: outer -> outer",
        ),
    ],
)
def test_what_is_wrong_with_a_cell_in_a_node_is_said(outer: str, inner: str, message: str) -> None:
    said = complaint_about(text_of(outer, inner))
    assert message in said
    assert "never used" not in said


@pytest.mark.sample(0)
def test_cells_that_double_from_level_to_level_come_to_an_end() -> None:
    cells = ["cell c0 { inputs 1; node a = relu(in1) }"]
    cells += [
        f"cell c{n} {{ inputs 1; node a = c{n - 1}(in1); node b = c{n - 1}(a); output b }}"
        for n in range(1, 40)
    ]
    said = complaint_about(text_of("inputs 1; node a = c39(in1)", "\n".join(cells) + "\n"))
    assert "has more than 1,000 nodes and values" in said
