"""Architectures that train one after the other, and the best of them so far."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from dslnas.engines.choices import Choices
from dslnas.graph.analysis.plan import Choice
from dslnas.space.choice_table import ChoiceTable
from dslnas.state import State, Stateful, number, state_of, take_parts, taken

STREAMS = TRAIN, ARCHITECTURE = "train", "architecture"


class Trials:
    """The architecture that is trained now, its losses, and the best one before it."""

    def __init__(self, tables: Mapping[str, ChoiceTable]) -> None:
        """Start without any."""
        self._current, self._best = Choices(tables), Choices(tables)
        self._losses: list[float] = []
        self._least = math.inf
        self._reading: set[str] = set()

    @property
    def current(self) -> Choice:
        """The architecture that is trained now."""
        return self._current.all[0]

    @property
    def best(self) -> Choice:
        """The best architecture so far, or the current one."""
        return self._best.all[0] if self._best.all else self.current

    def begin(self, choice: Choice) -> None:
        """Let another architecture be trained."""
        self._current.all, self._reading = [choice], set()

    def begins(self, stream: str) -> bool:
        """Return whether the current architecture has read nothing of a stream yet; now it has."""
        if stream in self._reading:
            return False
        self._reading.add(stream)
        return True

    def add(self, loss: float) -> None:
        """Note a loss of the current architecture."""
        self._losses.append(loss)

    def compare(self) -> float | None:
        """Keep the current architecture if it is the best so far.

        Returns:
            Its mean loss; None if no loss of it has been noted since it was compared.
        """
        if not self._losses:
            return None
        mean = sum(self._losses) / len(self._losses)
        if not self._best.all or mean < self._least:
            self._best.all, self._least = [self.current], mean
        self._losses = []
        return mean

    def _parts(self) -> dict[str, Stateful]:
        return {"current": self._current, "best": self._best}

    def state(self) -> State:
        """Return all of it."""
        losses = torch.tensor(self._losses, dtype=torch.float64)
        numbers = {"losses": losses, "reading": self._begun(), "least": number(self._least)}
        return {**numbers, **state_of(self._parts())}

    def _begun(self) -> Tensor:
        return torch.tensor([stream in self._reading for stream in STREAMS])

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        take_parts(self._parts(), state, besides=("losses", "reading", "least"))
        self._losses = taken(state, "losses").tolist()
        self._least = float(taken(state, "least", number(0.0)))
        begun = taken(state, "reading", self._begun()).tolist()
        self._reading = {
            stream for stream, is_begun in zip(STREAMS, begun, strict=True) if is_begun
        }
