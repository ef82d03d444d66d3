"""Architectures as values of categorical variables, which may be drawn independently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TypeAlias

import torch
from torch import Tensor

from dslnas.diagnostics import user_error
from dslnas.graph.analysis.plan import DROPPED, Choice
from dslnas.space.choice_table import ChoiceTable

MOST_SETS = 100_000
"""Sets of edges of a node that one variable can choose from."""

UNSAID = -1
"""Value of a variable that an architecture tells nothing of."""


@dataclass(frozen=True)
class Edges:
    """Which edges of a node stay: one of the sets of so many rows as its cell keeps."""

    cell: str
    values: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Column:
    """The operation of an edge, if the edge stays: one of the columns of a row."""

    cell: str
    row: int
    values: tuple[int, ...]


Variable: TypeAlias = Edges | Column


class Variables:
    """The variables of a space.

    Attributes:
        all: A variable for every node, then one for every edge; cell by cell.
        categories: How many values each has.
    """

    def __init__(self, tables: Mapping[str, ChoiceTable]) -> None:
        self._tables = tables
        found: list[Variable] = []
        for cell, table in tables.items():
            for rows in table.choosing:
                found.append(Edges(cell, _sets(cell, rows, table.kept(rows))))
            for row, columns in enumerate(table.candidates):
                found.append(Column(cell, row, columns))
        self.all: tuple[Variable, ...] = tuple(found)
        self.categories = tuple(len(variable.values) for variable in self.all)

    def choice(self, values: Sequence[int]) -> Choice:
        """Return the architecture of some values, as places among those of each variable."""
        chosen = {cell: [DROPPED] * len(table.rows) for cell, table in self._tables.items()}
        kept: dict[str, set[int]] = {cell: set() for cell in self._tables}
        for variable, value in zip(self.all, values, strict=True):
            if isinstance(variable, Edges):
                kept[variable.cell].update(variable.values[value])
            elif variable.row in kept[variable.cell]:
                chosen[variable.cell][variable.row] = variable.values[value]
        return {cell: tuple(columns) for cell, columns in chosen.items()}

    def values(self, choice: Choice) -> tuple[int, ...]:
        """Return the values that give an architecture; UNSAID for the operation of a dropped edge.

        The inverse of `choice`.
        """
        return tuple(self._value(variable, choice[variable.cell]) for variable in self.all)

    def _value(self, variable: Variable, chosen: Sequence[int]) -> int:
        if isinstance(variable, Column):
            column = chosen[variable.row]
            return UNSAID if column == DROPPED else variable.values.index(column)
        return next(
            place
            for place, rows in enumerate(variable.values)
            if all(chosen[row] != DROPPED for row in rows)
        )

    def weights(self, probabilities: Sequence[Sequence[float]]) -> dict[str, Tensor]:
        """Return how probable it is that an edge stays with an operation, by cell.

        `probabilities` are those of the values of every variable; there may be more numbers.
        """
        stays = {cell: [0.0] * len(table.rows) for cell, table in self._tables.items()}
        found = {
            cell: torch.zeros(len(table.rows), table.width, dtype=torch.float64)
            for cell, table in self._tables.items()
        }
        for variable, row in zip(self.all, probabilities, strict=True):
            if isinstance(variable, Edges):
                for rows, probability in zip(variable.values, row, strict=False):
                    for place in rows:
                        stays[variable.cell][place] += probability
            else:
                share = stays[variable.cell][variable.row]
                for column, probability in zip(variable.values, row, strict=False):
                    found[variable.cell][variable.row, column] = share * probability
        return found


def _sets(cell: str, rows: tuple[int, ...], kept: int) -> tuple[tuple[int, ...], ...]:
    """Return the sets of so many rows; raise NAS511 if there are too many."""
    count = comb(len(rows), kept)
    if count > MOST_SETS:
        raise user_error(
            "NAS511",
            f"a node of cell `{cell}` can keep {kept} of {len(rows)} edges in {count:,} ways, more "
            f"than the {MOST_SETS:,} that probabilities are kept of",
            help="let the cell keep fewer edges, or all; or search by another method",
        )
    return tuple(combinations(rows, kept))
