"""Deriving an architecture: the rule of DARTS, checked against results of the original programs."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dslnas.diagnostics import UserError
from dslnas.language.check.cell import Cell
from dslnas.space.derive.derive import derive, derive_cell
from dslnas.space.search_space import SearchSpace
from tests.spaces import chosen, first_wins, random_scores, space_of

FIXTURES = Path(__file__).parents[1] / "fixtures"


def reference_cases() -> list[Any]:
    """Alphas and the cells that the original programs derive from them, in the language's names."""
    return [
        pytest.param(spec, case, id=f"{spec}-{case['name']}")
        for spec in ("darts", "nasp")
        for case in json.loads(
            (FIXTURES / f"genotype_cases_{spec}.json").read_text(encoding="utf-8")
        )
    ]


@cache
def paper(spec: str) -> SearchSpace:
    return space_of(f"use papers.{spec}")


def softmax(row: list[float]) -> list[float]:
    powers = [math.exp(value - max(row)) for value in row]
    return [power / sum(powers) for power in powers]


def spelt_cell(body: str) -> Cell:
    text = f"use papers.darts\ncell normal {{\n{body}\n}}\nnetwork {{ cells normal }}"
    return space_of(text).cells["normal"]


@pytest.mark.parametrize(("spec", "case"), reference_cases())
def test_derives_the_cells_of_the_original_programs(spec: str, case: dict[str, Any]) -> None:
    space = paper(spec)
    # Edges are ranked by the softmax over all columns, that of `none` included.
    scores = {
        name: first_wins([softmax(row) for row in rows]) for name, rows in case["alphas"].items()
    }
    architecture = derive(space, scores)
    for name, expected in case["cells"].items():
        found = chosen(architecture.cells[name])
        assert {node: set(edges) for node, edges in found.items()} == {
            node: {(operation, source) for operation, source in edges}
            for node, edges in expected.items()
        }


def test_keeps_the_edges_whose_best_operation_scores_highest() -> None:
    cell = spelt_cell(
        "node n1 = {sep_conv(3), none}(in1) + {sep_conv(5), max_pool(3)}(in2)\n"
        "node n2 = {sep_conv(3), dil_conv(3)}(in1) + {skip_connect, sep_conv(5)}(in2)"
        " + {avg_pool(3), max_pool(3)}(n1)\n"
        "keep 1"
    )
    derived = derive_cell(cell, [[0.1, 0.9], [0.2, 0.3], [0.5, 0.6], [0.2, 0.4], [0.8, 0.1]])
    assert chosen(derived) == {"n1": [("max_pool(3)", "in2")], "n2": [("avg_pool(3)", "n1")]}


def test_zero_is_derived_only_where_it_is_allowed() -> None:
    edge = "node n1 = {none, sep_conv(3)}(in1)"
    assert chosen(derive_cell(spelt_cell(edge), [[0.9, 0.1]])) == {"n1": [("sep_conv(3)", "in1")]}
    allowed = spelt_cell(f"{edge}\nnone allowed")
    assert chosen(derive_cell(allowed, [[0.9, 0.1]])) == {"n1": [("sep_conv(3)", "in1")]}
    beside = spelt_cell(f"{edge} + {{none, sep_conv(3)}}(in2)\nnone allowed")
    derived = derive_cell(beside, [[0.9, 0.1], [0.1, 0.9]])
    assert chosen(derived) == {"n1": [("none", "in1"), ("sep_conv(3)", "in2")]}


def test_a_cell_that_nothing_would_reach_is_mended_where_that_costs_least() -> None:
    cell = spelt_cell(
        "node n1 = {none, sep_conv(3)}(in1) + {none, sep_conv(3)}(in2)\n"
        "node n2 = {none, sep_conv(3)}(in1) + {none, sep_conv(3)}(n1)\n"
        "output last\nnone allowed"
    )
    scores = [[0.9, 0.1], [0.8, 0.7], [0.9, 0.2], [0.3, 0.4]]
    assert chosen(derive_cell(cell, scores)) == {
        "n1": [("none", "in1"), ("sep_conv(3)", "in2")],
        "n2": [("none", "in1"), ("sep_conv(3)", "n1")],
    }


@pytest.mark.parametrize("dead", ["n1", "n2"])
def test_a_value_is_alive_by_any_of_the_nodes_that_it_reads(dead: str) -> None:
    alive = "n2" if dead == "n1" else "n1"
    cell = spelt_cell(
        "node n1 = {none, sep_conv(3)}(in1)\nnode n2 = {none, sep_conv(3)}(in1)\n"
        "let both = n1 + n2\nnode n3 = {none, skip_connect}(both)\noutput concat(n3)\n"
        "none allowed".replace(f"node {dead} = {{none, sep_conv(3)}}", f"node {dead} = none")
    )
    derived = chosen(derive_cell(cell, [[0.9, 0.1], [0.8, 0.2]]))
    assert (derived[alive], derived["n3"]) == ([("sep_conv(3)", "in1")], [("skip_connect", "both")])


@pytest.mark.parametrize(
    "menu", ["none, skip_connect, conv(3)", "conv(3), none, skip_connect", "zero, conv(3), none"]
)
def test_ties_are_broken_at_random_by_the_seed_and_never_by_the_order(menu: str) -> None:
    cell = spelt_cell(
        "node n1 = {MENU}(in1) + {MENU}(in2)\n"
        "node n2 = {MENU}(n1) + {MENU}(in2)\n"
        "output last\nnone allowed".replace("MENU", menu)
    )
    ties = [[0.5] * 3] * 4
    found = [derive_cell(cell, ties, seed=seed) for seed in range(60)]
    assert derive_cell(cell, ties, seed=7) == found[7]
    for place in range(4):
        operations = {derived.edges[place].operations[0].text for derived in found}
        assert operations == set(menu.split(", "))
    assert len({str(chosen(derived)) for derived in found}) > 20


def test_ties_among_edges_are_broken_at_random() -> None:
    cell = space_of("use papers.darts").cells["normal"]
    found = [derive_cell(cell, [[0.125] * 8] * 14, seed=seed) for seed in range(40)]
    sources = [{edge.source for edge in derived.incoming("n4")} for derived in found]
    assert set().union(*sources) == {"in1", "in2", "n1", "n2", "n3"}


def test_operations_that_give_the_same_whatever_they_read_are_taken_for_none() -> None:
    text = (
        "use papers.darts\nop hidden = conv(3) -> 2 * (zero -> relu)\n"
        "op product = multiply(conv(3), zero)\nop sum = add(conv(3), zero)\n"
        "cell normal {\nnode n1 = {hidden, product, sum}(in1)\nMORE\n}\n"
        "network { cells normal }"
    )
    scores = [[0.9, 0.8, 0.1]]
    for more in ("", "none allowed"):
        cell = space_of(text.replace("MORE", more)).cells["normal"]
        assert chosen(derive_cell(cell, scores)) == {"n1": [("sum", "in1")]}


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("state + f(state)", "none"),
        ("sigmoid(state) * (f(state) - state)", "none"),
        ("sigmoid(state) * f(state)", "tanh"),
        ("f(tanh(state))", "tanh"),
    ],
)
def test_a_gate_that_hands_on_its_state_keeps_none_alive(output: str, expected: str) -> None:
    text = (
        f"use std.rnn\ngate own(f, state) {{ output {output} }}\n"
        "cell one {\ninputs x; states h\nfirst x + h\nedge own\n"
        "node n1 = {none, tanh}(first)\noutput n1\nnone allowed\n}\nnetwork { cells one }"
    )
    cell = space_of(text, (), classes=9).cells["one"]
    assert chosen(derive_cell(cell, [[0.9, 0.1]])) == {"n1": [(expected, "first")]}


def test_a_recurrent_cell_depends_on_its_input_and_on_its_state() -> None:
    text = (
        "use std.rnn\ncell one {\ninputs x; states h\n"
        "node n1 = {none, tanh, relu}(x) + {none, tanh, relu}(h)\noutput n1\nnone allowed\n}\n"
        "network { cells one }"
    )
    cell = space_of(text, (), classes=9).cells["one"]
    derived = derive_cell(cell, [[0.9, 0.1, 0.2], [0.2, 0.9, 0.1]])
    assert chosen(derived) == {"n1": [("relu", "x"), ("tanh", "h")]}


TWO_INPUTS = """
use std.cnn
cell one { inputs 2; nodes 2; keep 1; choose tanh, relu; output sum }
cell two { inputs 2; nodes 1; keep KEEP; choose tanh, relu; output sum }
network {
    input     user: 3, item: 5
    stem      user: linear(C), item: linear(C)
    channels  4
    cells     one, two, one
    head      linear(classes)
}
"""


def test_every_input_of_a_network_is_handed_on_to_its_output() -> None:
    """The second cell reads `item` and the first one, which knows of both."""
    space = space_of(TWO_INPUTS.replace("KEEP", "1"), classes=4)
    assert space.cells["one"].must_read == (frozenset({"in1"}), frozenset({"in2"}))
    assert space.cells["two"].must_read == (frozenset({"in2"}),)
    scores = {
        "one": [[0.9, 0.8], [0.1, 0.2], [0.9, 0.7], [0.3, 0.1], [0.2, 0.1]],
        "two": [[0.9, 0.8], [0.1, 0.2]],
    }
    found = derive(space, scores).cells
    assert chosen(found["one"]) == {"n1": [("tanh", "in1")], "n2": [("tanh", "in2")]}
    assert chosen(found["two"]) == {"n1": [("relu", "in2")]}


def test_fixed_edges_stay_and_do_not_count() -> None:
    cell = spelt_cell(
        "node n1 = skip_connect(in1) + {sep_conv(3), sep_conv(5)}(in1)"
        " + {max_pool(3), avg_pool(3)}(in2)\n"
        "keep 1"
    )
    assert [edge.row for edge in cell.edges] == [None, 0, 1]
    derived = derive_cell(cell, [[0.2, 0.3], [0.1, 0.0]])
    assert chosen(derived) == {"n1": [("skip_connect", "in1"), ("sep_conv(5)", "in1")]}


def test_nodes_that_no_longer_reach_the_output_go() -> None:
    cell = spelt_cell(
        "node n1 = {sep_conv(3), sep_conv(5)}(in1)\n"
        "node n2 = {sep_conv(3), sep_conv(5)}(in1)\n"
        "node n3 = {skip_connect, max_pool(3)}(n1) + {skip_connect, max_pool(3)}(n2)\n"
        "output concat(n3)\n"
        "keep 1"
    )
    derived = derive_cell(cell, [[1.0, 0.0], [0.0, 1.0], [0.1, 0.0], [0.2, 0.0]])
    assert derived.nodes == ("n2", "n3")
    assert chosen(derived) == {"n2": [("sep_conv(5)", "in1")], "n3": [("skip_connect", "n2")]}


def test_a_derived_cell_has_rows_of_its_own_and_derives_to_itself() -> None:
    space = space_of("use papers.darts")
    architecture = derive(space, random_scores(space, 0))
    for cell in architecture.cells.values():
        assert (cell.choices, cell.keep, cell.width) == ((), None, 0)
        assert derive_cell(cell, []) == cell


def test_cells_that_are_not_searched_are_left_alone() -> None:
    space = space_of("use papers.nas_bench_201")
    architecture = derive(space, random_scores(space, 0))
    assert architecture.cells["residual"] is space.cells["residual"]
    assert architecture.cells["cell201"] != space.cells["cell201"]


def test_an_edge_of_zeros_alone_has_no_derivation() -> None:
    with pytest.raises(UserError, match="NAS306"):
        spelt_cell("node n1 = {none, zero}(in1)")
