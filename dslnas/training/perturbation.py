"""Selection by perturbation: decisions by what the supernet loses without an operation.

Alpha says little about what an operation is worth; its absence says more (DARTS-PT: Wang et al.,
"Rethinking architecture selection in differentiable NAS", ICLR 2021, arXiv:2108.04392).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

import torch
from torch import Tensor

from dslnas.space.choice_table import ChoiceTable
from dslnas.space.derive.derive import Scores

Place = TypeVar("Place")
Weights: TypeAlias = Mapping[str, Tensor]
"""Weights of operations by cell, (edges, operations)."""

CHOSEN, OTHERS = 0.75, 0.5
"""Score of the operation that an edge is decided for, and the most that another has."""


class Selection:
    """Decides on one edge after the other, each time with the decisions before it made.

    A round decides on an edge of every cell, and later on a node of every cell.

    1. Of the edges in random order: every operation that may be derived is taken away alone, and
       the edge keeps the one without which the supernet is worst, with weight 1.
    2. Of the nodes in random order that have more edges than in a derived cell: every edge is taken
       away alone, and the one goes without which the supernet is best, until enough are gone.

    Operations that cannot be derived, such as `none`, are not asked. Ties are broken at random.

    Attributes:
        tune: Trains the supernet with some weights between two rounds; does nothing at first.
    """

    tune: Callable[[Weights], None]

    def __init__(
        self,
        tables: Mapping[str, ChoiceTable],
        weights: Weights,
        worth: Callable[[Weights], float],
        generator: torch.Generator,
        *,
        progress: Callable[[int, int], None] = lambda done, all_: None,
    ) -> None:
        """Take what decides.

        Args:
            tables: The choices of every searched cell.
            weights: Weights of the operations at the beginning; those of edges may be among them.
            worth: How good the supernet is with some weights.
            generator: On the CPU, for orders and ties.
            progress: Told how many measurements are done, and how many there are.
        """
        self._tables, self._worth, self._generator = tables, worth, generator
        self._progress = progress
        self.tune = lambda weights: None
        self._weights = {name: w.detach().clone() for name, w in weights.items()}
        self._done = 0
        self._scores = {
            cell: [[0.0] * table.width for _ in table.rows] for cell, table in tables.items()
        }

    def scores(self) -> Scores:
        """Decide, and return scores that prefer the decisions.

        Of an edge the decision has the largest score, the other operations the more the more is
        lost without them. Of a node an edge that goes later scores higher by 1, and those that stay
        highest.
        """
        edges = {cell: range(len(table.rows)) for cell, table in self._tables.items()}
        for number, round_ in enumerate(self._drawn(edges)):
            self._between(number)
            for cell, row in round_:
                self._decide(cell, row)
        for number, crowded in enumerate(self._drawn(self._crowded), 1):
            self._between(number)
            for cell, rows in crowded:
                self._thin(cell, rows)
        return self._scores

    @property
    def rounds(self) -> int:
        """Number of rounds of decisions: in each an edge of every cell, or later a node."""
        edges = max(len(table.rows) for table in self._tables.values())
        return edges + max(map(len, self._crowded.values()))

    @property
    def _crowded(self) -> dict[str, list[tuple[int, ...]]]:
        """The nodes that have more edges than those of a derived cell, by cell."""
        return {
            cell: [rows for rows in table.nodes if len(rows) > table.kept(rows)]
            for cell, table in self._tables.items()
        }

    def _drawn(self, places: Mapping[str, Sequence[Place]]) -> Iterator[list[tuple[str, Place]]]:
        """Yield rounds, of every cell one place, in random order, as long as it has any."""
        orders = {cell: self._shuffled(len(those)) for cell, those in places.items()}
        for number in range(max(map(len, orders.values()))):
            yield [
                (cell, places[cell][order[number]])
                for cell, order in orders.items()
                if number < len(order)
            ]

    @property
    def measurements(self) -> int:
        """Number of measurements for all decisions."""
        return sum(
            sum(map(len, table.candidates))
            + sum(sum(range(table.kept(rows) + 1, len(rows) + 1)) for rows in table.nodes)
            for table in self._tables.values()
        )

    def _between(self, number: int) -> None:
        """Train between two rounds: not before the first of all."""
        if number > 0:
            self.tune(self._weights)

    def _decide(self, cell: str, row: int) -> None:
        """Decide on the operation of an edge."""
        columns = self._tables[cell].candidates[row]
        worths = [self._without(cell, row, column) for column in columns]
        chosen = columns[self._first(worths, min)]
        lost = [max(worths) - worth for worth in worths]
        for column, loss in zip(columns, lost, strict=True):
            share = loss / max(lost) if 0 < max(lost) < float("inf") else 0.0
            self._scores[cell][row][column] = CHOSEN if column == chosen else OTHERS * share
        self._weights[cell][row] = 0.0
        self._weights[cell][row, chosen] = 1.0

    def _thin(self, cell: str, rows: tuple[int, ...]) -> None:
        """Let the edges of a node go that are too many."""
        staying = list(rows)
        while len(staying) > self._tables[cell].kept(rows):
            staying.remove(self._drop(cell, staying))
            for row in staying:
                self._scores[cell][row] = [score + 1 for score in self._scores[cell][row]]

    def _drop(self, cell: str, rows: Sequence[int]) -> int:
        """Let one of a node's edges go, and return it."""
        worths = [self._without(cell, row) for row in rows]
        gone = rows[self._first(worths, max)]
        self._weights[cell][gone] = 0.0
        return gone

    def _without(self, cell: str, row: int, column: int | None = None) -> float:
        """Return what the supernet is worth without an operation, or without an edge."""
        weights = self._weights[cell].clone()
        weights[row, slice(None) if column is None else column] = 0.0
        worth = self._worth({**self._weights, cell: weights})
        self._done += 1
        self._progress(self._done, self.measurements)
        return worth

    def _first(self, worths: Sequence[float], best: Callable[[Sequence[float]], float]) -> int:
        """Return the place of the best of some numbers, of equal ones any."""
        places = [place for place, worth in enumerate(worths) if worth == best(worths)]
        return places[int(torch.randint(len(places), (), generator=self._generator))]

    def _shuffled(self, count: int) -> list[int]:
        order: list[int] = torch.randperm(count, generator=self._generator).tolist()
        return order
