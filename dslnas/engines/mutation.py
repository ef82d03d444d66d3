"""Mutations of architectures (Real et al., AAAI 2019, arXiv:1802.01548, section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import torch

from dslnas.graph.analysis.plan import DROPPED, Choice
from dslnas.space.choice_table import ChoiceTable

Item = TypeVar("Item")

IDENTITY = 0.05
"""Probability of a child that is its parent."""


def mutated(
    tables: Mapping[str, ChoiceTable], parent: Choice, generator: torch.Generator
) -> Choice:
    """Return a child of an architecture: one edge of one of its cells changes, or nothing.

    The edge moves to another place of its node, with its operation where that is one of those
    there, or takes an operation of its list, which may be the one it has; both are alike likely. An
    edge whose node has no other place only ever does the latter.
    """
    if float(torch.rand((), generator=generator)) < IDENTITY:
        return parent
    cell = pick(list(tables), generator)
    table, columns = tables[cell], list(parent[cell])
    row = pick([row for row, column in enumerate(columns) if column != DROPPED], generator)
    moves = float(torch.rand((), generator=generator)) < 0.5
    free = [other for other in _siblings(table, row) if columns[other] == DROPPED]
    if moves and free:
        new = pick(free, generator)
        drawn, column = pick(table.candidates[new], generator), columns[row]
        columns[row] = DROPPED
        columns[new] = column if column in table.candidates[new] else drawn
    else:
        columns[row] = pick(table.candidates[row], generator)
    return {**parent, cell: tuple(columns)}


def _siblings(table: ChoiceTable, row: int) -> Sequence[int]:
    """Return the rows of the node that sums a row."""
    return next(rows for rows in table.nodes if row in rows)


def pick(items: Sequence[Item], generator: torch.Generator) -> Item:
    """Return one of some items, all alike likely."""
    return items[int(torch.randint(len(items), (), generator=generator))]
