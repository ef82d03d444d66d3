"""A training as it is stored after every epoch, so that it can be gone on with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict

from dslnas.training.measure import Measurement


class Standing(BaseModel):
    """How far a training is, in numbers.

    Attributes:
        measured: On the validation part, after every epoch so far.
        best: The epoch with the lowest loss, counted from 1; 0 where the last one counts.
        averages: Whether the weights are averaged from now on.
        average_count: How many values of each weight are in the average.
        seconds: How long it took so far.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    measured: tuple[Measurement, ...] = ()
    best: int = 0
    averages: bool = False
    average_count: int = 0
    seconds: float = 0.0

    @property
    def epochs(self) -> int:
        """How many epochs are over."""
        return len(self.measured)

    @property
    def losses(self) -> tuple[float, ...]:
        """On the validation part, after every epoch."""
        return tuple(measured.loss for measured in self.measured)

    @property
    def result(self) -> Measurement:
        """Of the epoch that counts: the best one or the last."""
        return self.measured[self.best - 1]


@dataclass(frozen=True)
class Saved:
    """A training after an epoch.

    Attributes:
        standing: The numbers.
        arrays: Weights, averages, momentum, best weights and the states of generators.
        where: File that it was read from, for messages.
    """

    standing: Standing
    arrays: Mapping[str, np.ndarray]
    where: str = ""


Keep: TypeAlias = Callable[[Saved], None]
"""Stores a training in place of what was stored before."""
