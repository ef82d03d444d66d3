"""Sizes of search spaces: by formula, from the papers, and by listing everything."""

from __future__ import annotations

from itertools import combinations, product
from math import comb
from random import Random

import pytest
from hypothesis import given, settings

from dslnas.language.check.cell import Cell
from dslnas.space.count import count_architectures, count_cells
from dslnas.space.derive.derive import derive_cell
from tests.examples import examples
from tests.spaces import chosen, space_of
from tests.strategies import SpaceText, spaces

# Pairs of edges at nodes that see 2, 3, 4 and 5 tensors.
PAIRS = comb(2, 2) * comb(3, 2) * comb(4, 2) * comb(5, 2)

SMALL_CELLS = {
    "every edge chooses": "nodes 2\nchoose {relu_conv_bn(1), relu_conv_bn(3)}\nkeep 1",
    "zero does not count": "nodes 2\nchoose {none, relu_conv_bn(3), skip_connect}\nkeep 2",
    "zero is allowed": "nodes 2\nchoose {none, skip_connect}\nkeep all\nnone allowed",
    "more is kept than a node has": "inputs 1\nnodes 3\nchoose {skip_connect, conv(3)}\nkeep 2",
    "edges differ": (
        "node n1 = {skip_connect, conv(3)}(in1) + {conv(3), conv(5), none}(in2) + conv(1)(in2)\n"
        "node n2 = {skip_connect, conv(3), conv(1)}(n1) + conv(3)(in1)\n"
        "keep 1"
    ),
}


def all_forms(cell: Cell) -> set[tuple[object, ...]]:
    """List every cell that the rules of the language allow, node by node."""
    by_node = []
    for node in cell.nodes:
        choices = []
        for place, edge in enumerate(cell.incoming(node)):
            texts = [operation.text for operation in edge.operations]
            if len(texts) > 1:
                choices.append([(place, t) for t in texts if cell.none_allowed or t != "none"])
        kept = len(choices) if cell.keep is None else min(cell.keep, len(choices))
        by_node.append([form for some in combinations(choices, kept) for form in product(*some)])
    return set(product(*by_node))


def random_rows(cell: Cell, random: Random) -> list[list[float]]:
    return [[random.random() for _ in edge.operations] for edge in cell.choices]


def small_cell(body: str) -> Cell:
    output = "" if "node n1" in body else "\noutput concat"
    text = f"use std.cnn\ncell one {{\n{body}{output}\n}}\nnetwork {{ cells one }}"
    return space_of(text).cells["one"]


@pytest.mark.parametrize("body", SMALL_CELLS.values(), ids=SMALL_CELLS)
def test_counts_what_a_listing_finds(body: str) -> None:
    cell = small_cell(body)
    assert count_cells(cell) == len(all_forms(cell))


@pytest.mark.parametrize("body", SMALL_CELLS.values(), ids=SMALL_CELLS)
@pytest.mark.sample(3)
def test_every_counted_cell_that_is_connected_can_be_derived(body: str) -> None:
    cell = small_cell(body)
    dead = 2 if cell.none_allowed else 0  # whatever the second node takes of a dead first one
    random = Random(0)
    derived = {str(chosen(derive_cell(cell, random_rows(cell, random)))) for _ in range(1000)}
    assert len(derived) == count_cells(cell) - dead


def test_the_space_of_darts() -> None:
    space = space_of("use papers.darts")
    for name in ("normal", "reduction"):
        cell = space.cells[name]
        assert (len(cell.choices), cell.width) == (14, 8)
        assert count_cells(cell) == PAIRS * 7**8
    assert count_architectures(space) == (1 * 3 * 6 * 10 * 7**8) ** 2 == 1_076_746_950_455_072_400


def test_the_space_of_nas_bench_201() -> None:
    assert count_architectures(space_of("use papers.nas_bench_201")) == 5**6 == 15_625


def test_the_space_of_nasp() -> None:
    space = space_of("use papers.nasp")
    sizes = {name: (len(cell.choices), cell.width) for name, cell in space.cells.items()}
    assert sizes == {"normal": (14, 8), "reduction": (14, 5)}
    assert count_architectures(space) == PAIRS * 8**8 * PAIRS * 5**8


def test_an_architecture_is_a_space_of_one() -> None:
    text = "use std.cnn\ncell one { node n1 = conv(3)(in1) + none(in2) }\nnetwork { cells one }"
    assert count_architectures(space_of(text)) == 1


@settings(max_examples=examples(20))
@given(spaces())
def test_random_spaces_hold_something(text: SpaceText) -> None:
    assert count_architectures(text.space()) >= 1
