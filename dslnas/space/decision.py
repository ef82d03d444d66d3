"""Choices that do not belong to edges, such as those inside of operations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dslnas.language.check.cell import Cell

Where: TypeAlias = tuple[tuple[str, int, int], ...]
"""Choices that must all be made for something to be there: table, row and column of each."""


@dataclass(frozen=True)
class Decision:
    """A choice that does not belong to an edge.

    Attributes:
        name: Words for what is chosen.
        alternatives: As they are written.
    """

    name: str
    alternatives: tuple[str, ...]


def inner_of(cell: str) -> str:
    """Return the name of the table of the choices inside of a cell's operations."""
    return f"{cell}.inner"


def cells_of(tables: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the cells that tables of choices belong to, each once."""
    return tuple(dict.fromkeys(table.removesuffix(inner_of("")) for table in tables))


def inner_decisions(cell: Cell) -> tuple[Decision, ...]:
    """Return the choices inside of a cell's operations, in the order of `Cell.inner_rows`."""
    return tuple(
        Decision(f"{choice.name} of {operation.text} on {cell.shown(edge)}", choice.alternatives)
        for edge in cell.edges
        for operation in edge.operations
        for choice in operation.inner
    )


def size_of(decisions: Sequence[Decision]) -> tuple[int, int]:
    """Return rows and columns of the alpha of some choices."""
    return len(decisions), max(len(decision.alternatives) for decision in decisions)
