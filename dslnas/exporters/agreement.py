"""How much outputs may differ: a share of their spread, and what rounding alone makes of them.

The spread is the standard deviation of an output over the examples, so that a network whose outputs
hardly depend on what it reads does not agree by being constant. What rounding makes is seen from
the network with every weight off by its last bit: in a recurrent network that small errors grow
in, no two programs agree for long, and none of them is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch.func import functional_call

from dslnas.backends.torch.network import TorchNetwork
from dslnas.diagnostics import UserError, user_error

SLACK, USUAL = 16.0, 1e-4
"""Times what the last bit of the weights changes, at the usual tolerance: programs round every sum,
in orders of theirs."""

Call: TypeAlias = Callable[..., tuple[torch.Tensor, ...]]
"""Runs a network as a call of itself does."""

_LAST_BIT = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Agreement:
    """The largest difference of two programs.

    Attributes:
        largest: That of one number.
        relative: The same as a share of the spread of the numbers.
    """

    largest: float = 0.0
    relative: float = 0.0

    def __str__(self) -> str:
        return f"{self.largest:.1e}, {self.relative:.1e} of the spread of its outputs"

    def joined(self, other: Agreement) -> Agreement:
        """Return the larger of each."""
        return Agreement(max(self.largest, other.largest), max(self.relative, other.relative))


@dataclass(frozen=True)
class Yardstick:
    """Measure by which differences of some numbers are judged.

    Attributes:
        spread: Their standard deviation over the examples.
        rounding: How much rounding may change them, at the usual tolerance.
    """

    spread: float
    rounding: float

    @classmethod
    def of(cls, spread: float, largest: float, moved: float) -> Yardstick:
        """Return that of numbers, given the largest, and how far the last bit of weights moves."""
        moved = moved if math.isfinite(moved) else 0.0
        return cls(spread, SLACK * max(moved, _LAST_BIT * largest))

    def allowed(self, tolerance: float) -> float:
        """Return the largest difference that is allowed; `tolerance`: share of the spread."""
        return tolerance * self.spread + tolerance / USUAL * self.rounding

    def judged(self, difference: float) -> Agreement:
        """Return a difference with its share of the spread, or of rounding if that is larger."""
        unit = max(self.spread, self.rounding)
        return Agreement(difference, difference / unit if unit else math.inf * bool(difference))


def spread_of(outputs: np.ndarray) -> float:
    """Return the root mean square of the standard deviations of outputs over examples (N, ...)."""
    return float(np.sqrt(outputs.var(axis=0, dtype=np.float64).mean()))


def off_by_a_bit(network: TorchNetwork) -> Call:
    """Return what runs a network with weights that are off by their last bit, up or down."""
    generator = np.random.default_rng(0)

    def moved(array: np.ndarray) -> torch.Tensor:
        signs = generator.random(array.shape, np.float32) - np.float32(0.5)
        share = np.copysign(array.dtype.type(_LAST_BIT), signs)
        return torch.from_numpy(np.asarray(array * (1 + share), array.dtype))

    weights = {name: moved(array) for name, array in network.arrays().items()}

    def call(*given: object) -> tuple[torch.Tensor, ...]:
        found: tuple[torch.Tensor, ...] = functional_call(network, weights, given)
        return found

    return call


def disagreement(what: str, tolerance: float, place: str, changed: str) -> UserError:
    """Return the error for outputs that differ by more than is allowed."""
    return user_error(
        "NAS711",
        f"{what}, allowed {tolerance:.1e}: most at {place}; {changed} predictions change",
        where="export",
        help="set `export.tolerance` higher only if such differences do not matter",
    )
