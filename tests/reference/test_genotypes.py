"""Derivation from alpha: random ones, exact ties, near ties, rows that `none` dominates.

The programs rank the edges of a node and write the strongest first; we keep their order in the
cell. So the edges of a node are compared as sets. Of exact ties the programs take what is written
first, and we what the seed says: there the scores are tilted, see `first_wins`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch

from dslnas.engines.discretise import nearest
from dslnas.engines.relaxations.softmax import rows_of
from dslnas.language.check.cell import Cell
from dslnas.space.cell_stats import convolution_count
from dslnas.space.choice_table import choice_table
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from tests.reference.genotypes import EDGES, cells_of
from tests.reference.load import ALPHAS, DARTS, NASP, facts
from tests.reference.networks import fresh
from tests.spaces import chosen, first_wins, space_of

# A cell of 8 nodes as of the recurrent networks: one input, all earlier nodes, one edge is kept.
RECURRENT = """use std.cnn
cell recurrent {
    inputs  1
    nodes   8
    choose  none, tanh, relu, sigmoid, identity
    keep    1
}
network { cells recurrent }
"""


@cache
def space(text: str) -> SearchSpace:
    return space_of(text)


def cases(names: tuple[str, ...], key: str) -> list[Any]:
    return [
        pytest.param(name, case, id=f"{name}-{case['name']}")
        for name in names
        for case in facts(name)[key]
    ]


def edges(cell: Cell) -> dict[str, EDGES]:
    return {node: sorted(kept) for node, kept in chosen(cell).items()}


def expected(genotype: dict[str, Any]) -> dict[str, dict[str, EDGES]]:
    return {
        cell: {node: sorted(kept) for node, kept in nodes.items()}
        for cell, nodes in cells_of(genotype).items()
    }


def matrices(case: dict[str, Any]) -> dict[str, torch.Tensor]:
    return {
        cell: torch.tensor(case[theirs], dtype=torch.float64) for cell, theirs in ALPHAS.items()
    }


@pytest.mark.parametrize(("name", "case"), cases(DARTS, "genotype_cases"))
def test_cells_of_darts(name: str, case: dict[str, Any]) -> None:
    """And how many convolutions they have, which is how MiLeNAS measures cells."""
    alphas = matrices(case)
    scores = {cell: first_wins(rows_of(alpha.softmax(-1))) for cell, alpha in alphas.items()}
    derived = derive(space("use papers.darts"), scores)
    assert {cell: edges(derived.cells[cell]) for cell in alphas} == expected(case["genotype"])
    for cell, key in (("normal", "conv_ops_normal"), ("reduction", "conv_ops_reduce")):
        assert convolution_count(derived.cells[cell]) == case[key]


@pytest.mark.parametrize("name", DARTS)
def test_cells_of_a_search_of_darts(name: str) -> None:
    case = fresh(name)
    derived = derive(case.space, case.relaxation().scores())
    assert {cell: edges(derived.cells[cell]) for cell in ALPHAS} == expected(
        case.facts["genotype_of_in_alphas"]
    )
    counts = case.facts["milenas_genotype_counts_of_in_alphas"]
    assert convolution_count(derived.cells["normal"]) == counts["conv_ops_normal"]
    assert convolution_count(derived.cells["reduction"]) == counts["conv_ops_reduce"]


@pytest.mark.parametrize("name", NASP)
def test_cells_of_the_program_of_nasp(name: str) -> None:
    case = fresh(name)
    scores = {cell: rows_of(alpha.softmax(-1)) for cell, alpha in case.alphas().items()}
    derived = derive(case.space, scores)
    assert {cell: edges(derived.cells[cell]) for cell in ALPHAS} == expected(
        case.facts["genotype_of_in_alphas"]
    )


@pytest.mark.parametrize(("name", "case"), cases(NASP, "cases"))
def test_cells_of_nasp(name: str, case: dict[str, Any]) -> None:
    """The program ranks edges by the softmax; its proximal step, and we, by alpha itself."""
    searched = space("use papers.nasp")
    alphas = matrices(case)
    as_the_program = derive(
        searched, {cell: first_wins(rows_of(a.softmax(-1))) for cell, a in alphas.items()}
    )
    assert {cell: edges(as_the_program.cells[cell]) for cell in alphas} == expected(
        case["genotype"]
    )
    scores = {cell: first_wins(rows_of(alpha)) for cell, alpha in alphas.items()}
    ours = derive(searched, scores)
    for number, (cell, theirs) in enumerate(ALPHAS.items()):
        choices = choice_table(searched.cells[cell])
        kept = nearest(choices, scores[cell])
        assert list(kept) == case["prox_choice"][theirs]
        assert chosen(ours.cells[cell]) == {
            node: [
                (edge.operations[kept[edge.row]].text, edge.source)
                for edge in searched.cells[cell].incoming(node)
                if edge.row is not None and kept[edge.row] >= 0
            ]
            for node in searched.cells[cell].nodes
        }
        same = case["genotype_keeps_the_same_edges_as_the_proximal_step"][number]
        assert (edges(ours.cells[cell]) == edges(as_the_program.cells[cell])) is same


@pytest.mark.parametrize(
    ("name", "case"),
    [
        pytest.param(name, case, id=f"{name}-{case['name']}")
        for name, of_file in facts("darts_rnn_genotype_cases").items()
        for case in of_file
    ],
)
def test_recurrent_cells(name: str, case: dict[str, Any]) -> None:
    alpha = torch.tensor(case["alphas"], dtype=torch.float64)
    scores = {"recurrent": first_wins(rows_of(alpha.softmax(-1)))}
    cell = derive(space(RECURRENT), scores).cells["recurrent"]
    assert chosen(cell) == {
        f"n{node}": [(operation, f"n{state}" if state else "in1")]
        for node, (operation, state) in enumerate(case["genotype"]["recurrent"], 1)
    }
