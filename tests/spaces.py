"""From `.nas` text to a search space, and from there to an architecture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from random import Random

from dslnas.language.check.check import check
from dslnas.language.link.link import link
from dslnas.language.link.overrides import parse_overrides
from dslnas.ops.primitive import Shape
from dslnas.source import SourceFile
from dslnas.space.cell import Cell
from dslnas.space.lower import lower
from dslnas.space.network import SearchSpace
from dslnas.tasks.catalogue import TASK_SETTINGS

CIFAR: Shape = (3, 32, 32)


def space_of(
    text: str, shape: Shape = (3, 8, 8), overrides: Sequence[str] = (), *, classes: int = 10
) -> SearchSpace:
    """Return the search space of a text for images of `shape`; errors call it `test.nas`.

    Nobody may change it: who asks for the same again gets it too.
    """
    return _space_of(text, shape, tuple(overrides), classes)


@lru_cache(64)
def _space_of(text: str, shape: Shape, overrides: tuple[str, ...], classes: int) -> SearchSpace:
    source = SourceFile("test.nas", text)
    return lower(check(link(source, parse_overrides(overrides)), TASK_SETTINGS), shape, classes)


def random_scores(space: SearchSpace, seed: int) -> dict[str, list[list[float]]]:
    """Return a score for every operation of every choosing edge, as `derive` reads them."""
    random = Random(seed)
    cells = (space.cells[name] for name in space.searched)
    return {
        cell.name: [[random.random() for _ in edge.operations] for edge in cell.choices]
        for cell in cells
    }


def chosen(cell: Cell) -> dict[str, list[tuple[str, str]]]:
    """Return (operation, source) of all edges by node; every choice must have been made."""
    assert not cell.choices
    return {
        node: [(edge.operations[0].text, edge.source) for edge in cell.incoming(node)]
        for node in cell.nodes
    }
