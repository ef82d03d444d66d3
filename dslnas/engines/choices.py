"""Architectures that are remembered: a list that can be stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from dslnas.graph.analysis.plan import DROPPED, Choice
from dslnas.space.choice_table import ChoiceTable
from dslnas.state import State, StateError, check_names, joined, take_parts, taken


class Choices:
    """Architectures of a space.

    Attributes:
        all: They, in an order.
    """

    def __init__(self, tables: Mapping[str, ChoiceTable], choices: Iterable[Choice] = ()) -> None:
        self._tables = tables
        self.all = list(choices)

    def state(self) -> State:
        """Return them by cell, (architectures, edges), int64."""
        return {
            cell: torch.tensor([choice[cell] for choice in self.all], dtype=torch.int64).reshape(
                len(self.all), len(table.rows)
            )
            for cell, table in self._tables.items()
        }

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from those of a state."""
        check_names(state, self.state())
        columns = {cell: self._columns(cell, taken(state, cell)) for cell in self._tables}
        if len({len(of_cell) for of_cell in columns.values()}) > 1:
            raise StateError("cells are of different architectures")
        each = zip(*columns.values(), strict=True)
        self.all = [dict(zip(columns, of_one, strict=True)) for of_one in each]

    def _columns(self, cell: str, found: Tensor) -> list[tuple[int, ...]]:
        """Return the choices of one cell."""
        table = self._tables[cell]
        is_like = found.dtype == torch.int64 and found.shape[1:] == (len(table.rows),)
        if not is_like or not bool(((found >= DROPPED) & (found < table.width)).all()):
            raise StateError(f"`{cell}` is of another space")
        return [tuple(row) for row in found.tolist()]


class Judged:
    """Architectures of a space, each with its loss.

    Attributes:
        losses: In the order of the architectures.
    """

    def __init__(self, tables: Mapping[str, ChoiceTable]) -> None:
        """Start without any."""
        self._choices = Choices(tables)
        self.losses: list[float] = []

    @property
    def choices(self) -> Sequence[Choice]:
        """The architectures, the first first."""
        return self._choices.all

    def add(self, choice: Choice, loss: float) -> None:
        """Put an architecture at the end."""
        self._choices.all.append(choice)
        self.losses.append(loss)

    def drop_first(self) -> None:
        """Take away the first architecture."""
        del self._choices.all[0], self.losses[0]

    def state(self) -> State:
        """Return the architectures and their losses."""
        losses = torch.tensor(self.losses, dtype=torch.float64)
        return {**joined({"choices": self._choices.state()}), "losses": losses}

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        losses = taken(state, "losses").tolist()
        take_parts({"choices": self._choices}, state, besides=["losses"])
        if len(losses) != len(self.choices):
            raise StateError(f"{len(losses)} losses of {len(self.choices)} architectures")
        self.losses = losses
