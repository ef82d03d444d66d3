"""From `.nas` text to a search space, and from there to an architecture."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from random import Random
from typing import Any

from dslnas.language.check.cell import Cell
from dslnas.language.check.check import check
from dslnas.language.link.link import link
from dslnas.language.link.overrides import parse_overrides
from dslnas.ops.primitive import Shape
from dslnas.source import SourceFile
from dslnas.space.architecture import Architecture
from dslnas.space.lower import lower
from dslnas.space.search_space import SearchSpace
from dslnas.tasks.catalogue import TASK_SETTINGS

CIFAR: Shape = (3, 32, 32)


def space_of(
    text: str, shape: Shape = (3, 8, 8), overrides: Sequence[str] = (), *, classes: int = 10
) -> SearchSpace:
    """Return the search space of a text for images of `shape`; errors call it `test.nas`.

    Nobody may change it: who asks for the same again gets it too. Where there is nothing to choose,
    the supernet is the network that is trained.
    """
    space = _lowered(text, shape, tuple(overrides), classes)
    if isinstance(space, SearchSpace):
        return space
    return SearchSpace(
        space.cells, space.definitions, space.constants, space.network, space.network
    )


def architecture_of(
    text: str, shape: Shape = (3, 8, 8), overrides: Sequence[str] = (), *, classes: int = 10
) -> Architecture:
    """Return a text's architecture: see `space_of`."""
    space = _lowered(text, shape, tuple(overrides), classes)
    assert isinstance(space, Architecture), "there are choices"
    return space


@lru_cache(64)
def _lowered(
    text: str, shape: Shape, overrides: tuple[str, ...], classes: int
) -> SearchSpace | Architecture:
    source = SourceFile("test.nas", text)
    return lower(check(link(source, parse_overrides(overrides)), TASK_SETTINGS), shape, classes)


def random_scores(space: SearchSpace, seed: int) -> dict[str, list[list[float]]]:
    """Return a score for every alternative of every choice, as `derive` reads them."""
    random = Random(seed)
    return {
        name: [[random.random() for _ in range(size)] for size in table.rows]
        for name, table in space.tables.items()
    }


def first_wins(scores: Sequence[Sequence[float]]) -> list[list[Any]]:
    """Return scores tilted by less than two numbers can differ: of equal ones the first is largest.

    The methods' original programs break ties so; here the seed does.
    """
    return [
        [
            Fraction(score) - Fraction(100 * row + column, 10**400)
            for column, score in enumerate(line)
        ]
        for row, line in enumerate(scores)
    ]


def chosen(cell: Cell) -> dict[str, list[tuple[str, str]]]:
    """Return (operation, source) of all edges by node; every choice must have been made."""
    assert not cell.choices
    return {
        node: [(edge.operations[0].text, edge.source) for edge in cell.incoming(node)]
        for node in cell.nodes
    }
