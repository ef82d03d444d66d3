"""Recurrent cells as DAGs: their order, what is derived from them, and how that is written."""

from __future__ import annotations

import json
from math import factorial
from pathlib import Path

import pytest

from dslnas.diagnostics import UserError
from dslnas.language.check.cell import Cell
from dslnas.space.count import count_architectures, count_cells
from dslnas.space.derive.derive import derive, derive_cell
from dslnas.space.search_space import SearchSpace
from dslnas.space.text import cell_text
from tests.spaces import chosen, random_scores, space_of

FIXTURE = Path(__file__).parent / "fixtures" / "genotypes_recurrent.json"


def recurrent_space(text: str) -> SearchSpace:
    return space_of(text, (), classes=50)


def searched() -> Cell:
    return recurrent_space("use papers.darts_rnn").cells["recurrent"]


def cell_of(lines: str, more: str = "") -> Cell:
    body = f"cell one {{\ninputs x; states h\n{lines}\n}}\nnetwork {{ cells one }}"
    return recurrent_space(f"use std.rnn\n{more}\n{body}").cells["one"]


def test_the_space_of_darts() -> None:
    cell = searched()
    assert (cell.inputs, cell.states, cell.next_states) == (("x",), ("h",), ())
    assert (cell.first, cell.is_recurrent, len(cell.edges)) == ("first", True, 36)
    assert [edge.source for edge in cell.incoming("n3")] == ["first", "n1", "n2"]
    assert cell.order == ("first_reads", "first_both", "first", *cell.nodes)
    # Every node has one edge, from `first` or an earlier node, with one of four activations.
    assert count_cells(cell) == factorial(8) * 4**8
    assert count_architectures(recurrent_space("use papers.darts_rnn")) == count_cells(cell)


def test_values_and_nodes_are_computed_in_turn() -> None:
    cell = cell_of(
        "let end = tanh(n2)\nlet start = drop_input(x) + drop_state(h)\n"
        "node n2 = relu(mid)\nnode n1 = tanh(start)\nlet mid = n1 * start\noutput end"
    )
    assert cell.order == ("start", "n1", "mid", "n2", "end")
    assert cell.nodes == ("n1", "n2")
    assert (cell.output, cell.output_of, cell.ends) == ("last", ("end",), ("end",))
    assert cell.nodes_behind("end") == {"n2"}
    assert cell.nodes_behind("mid") == {"n1"}
    assert set(cell.graph.predecessors("mid")) == {"n1", "start"}


def test_a_cell_may_have_no_nodes() -> None:
    cell = recurrent_space("use rnn.lstm").cells["lstm"]
    assert (cell.nodes, cell.edges, cell.choices) == ((), (), ())
    assert (cell.states, cell.next_states) == (("h", "c"), ("h_next", "c_next"))
    assert cell.order == ("gates", "i", "f", "g", "o", "c_next", "h_next")
    assert derive_cell(cell, []) == cell


@pytest.mark.parametrize("name", ["DARTS_V1", "DARTS_V2", "ENAS", "GDAS"])
def test_published_cells_are_those_of_the_papers(name: str) -> None:
    """The genotypes are those of the original program: (activation, place of the source)."""
    genotype = json.loads(FIXTURE.read_text(encoding="utf-8"))[name]
    cell = recurrent_space(f"use rnn.{name.lower()}").cells["recurrent"]
    states = ["first", *(f"n{place + 1}" for place in range(len(genotype["recurrent"])))]
    assert chosen(cell) == {
        states[place + 1]: [(operation, states[source])]
        for place, (operation, source) in enumerate(genotype["recurrent"])
    }
    assert cell.output_of == tuple(states[place] for place in genotype["concat"])
    assert (cell.output, cell.gate) == ("mean", searched().gate)


@pytest.mark.parametrize("seed", range(5))
def test_a_derived_cell_survives_being_written(seed: int) -> None:
    space = recurrent_space("use papers.darts_rnn\ncell recurrent { output mean(n5, n7, n8) }")
    derived = derive(space, random_scores(space, seed)).cells["recurrent"]
    assert (derived.first, derived.keep, derived.choices) == ("first", None, ())
    text = f"use std.rnn\n{cell_text(derived)}\nnetwork {{ cells recurrent }}"
    again = recurrent_space(text).cells["recurrent"]
    assert again == derived
    assert derive_cell(again, []) == again


@pytest.mark.parametrize("library", ["rnn.lstm", "rnn.gru", "rnn.enas", "papers.darts_rnn"])
def test_written_cells_are_read_again(library: str) -> None:
    space = recurrent_space(f"use {library}")
    (name,) = set(space.network.layout)
    text = f"use std.rnn\n{cell_text(space.cells[name])}\nnetwork {{ cells {name} }}"
    again = recurrent_space(text).cells[name]
    assert again == space.cells[name]


def test_values_that_a_derived_cell_does_not_need_go() -> None:
    cell = cell_of(
        "first x + h\nlet a = tanh(first)\nlet b = relu(a)\n"
        "node n1 = {tanh, relu}(first) + {tanh, relu}(b)\nkeep 1\noutput n1"
    )
    left = derive_cell(cell, [[1.0, 0.0], [0.0, 0.0]])
    assert [value.name for value in left.values] == ["first"]
    assert "let" not in cell_text(left)
    kept = derive_cell(cell, [[0.0, 0.0], [1.0, 0.0]])
    assert kept.values == cell.values
    assert "let b = relu(a)" in cell_text(kept)


def test_counts_see_nodes_through_values() -> None:
    """`n1` is read by a value only, and that by an edge that may be dropped."""
    text = (
        "first x + h\nlet mid = sigmoid(n1)\nnode n1 = {tanh, relu}(first)\n"
        "node n2 = {tanh, relu}(first) + {tanh, relu}(mid)\nkeep 1\noutput n2"
    )
    rule = "search darts\nderive { count tanh <= 0 }"
    space = recurrent_space(
        f"use std.rnn\n{rule}\ncell one {{\ninputs x; states h\n{text}\n}}\nnetwork {{ cells one }}"
    )
    assert count_cells(space.cells["one"]) == 2 * 4
    with pytest.raises(UserError, match="at most 2 edges with `tanh`"):
        recurrent_space(
            "use std.rnn\nsearch darts\nderive { count tanh >= 3 }\n"
            f"cell one {{\ninputs x; states h\n{text}\n}}\nnetwork {{ cells one }}"
        )


def test_a_state_is_read_whatever_is_derived() -> None:
    edges = "node n1 = {tanh, relu}(x) + {tanh, relu}(h)\noutput n1"
    assert cell_of(edges).keep is None
    with pytest.raises(UserError, match="may be left unread"):
        cell_of(f"{edges}\nkeep 1")


def test_values_stand_in_cells_of_images_too() -> None:
    cell = space_of(
        "use papers.darts\ncell normal {\n"
        "    let both = in1 + in2\n    let open = sigmoid(n1)\n"
        "    node n1 = sep_conv(3)(both)\n    node n2 = skip_connect(open)\n    output mean\n}"
    ).cells["normal"]
    assert (cell.is_recurrent, cell.order) == (False, ("both", "n1", "open", "n2"))
    assert cell.preprocess is not None
