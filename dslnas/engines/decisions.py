"""Architectures as sequences of decisions: for each edge that a node keeps a row, then a column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from dslnas.graph.analysis.plan import DROPPED
from dslnas.space.choice_table import ChoiceTable

Kept: TypeAlias = tuple[int, int]
"""An edge that stays: its row and its column."""


@dataclass(frozen=True)
class NodePlan:
    """The edges to decide on of a node.

    Attributes:
        slots: For each edge that it keeps, the rows that it may be: the row of a slot follows those
            of the slots before.
    """

    slots: tuple[tuple[int, ...], ...]


def node_plans(table: ChoiceTable) -> Iterator[NodePlan]:
    """Yield the plans of the nodes that have choices: every set of rows has one way to be taken."""
    for rows in table.choosing:
        kept = table.kept(rows)
        last = len(rows) - kept + 1
        yield NodePlan(tuple(rows[slot : last + slot] for slot in range(kept)))


def kept_edges(table: ChoiceTable, columns: tuple[int, ...]) -> list[list[Kept]]:
    """Return by node with choices the edges that stay, by row: one for each slot."""
    return [
        [(row, columns[row]) for row in rows if columns[row] != DROPPED] for rows in table.choosing
    ]


def vocabulary(tables: Mapping[str, ChoiceTable]) -> tuple[str, ...]:
    """Return the operations that derived cells may have, each once, as they are written."""
    return tuple(
        dict.fromkeys(
            table.operations[row][column]
            for table in tables.values()
            for row, columns in enumerate(table.candidates)
            for column in columns
        )
    )
