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
from dslnas.space.network import SearchSpace
from tests.spaces import chosen, random_scores, space_of

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
    scores = {name: [softmax(row) for row in rows] for name, rows in case["alphas"].items()}
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
    assert chosen(derive_cell(allowed, [[0.9, 0.1]])) == {"n1": [("none", "in1")]}


def test_ties_go_to_what_is_written_first() -> None:
    cell = space_of("use papers.darts").cells["normal"]
    derived = derive_cell(cell, [[0.125] * 8] * 14)
    first = [("max_pool(3)", "in1"), ("max_pool(3)", "in2")]
    assert chosen(derived) == {"n1": first, "n2": first, "n3": first, "n4": first}


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
