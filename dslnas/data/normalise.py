"""Mean and deviation of inputs, and inputs that are centred and scaled by them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# What varies less than this is constant but for rounding; it is only centred.
LEAST_STD = 1e-6

LEVELS = 255
"""Level of a byte that stands for 1."""

UNIT = 2**31
"""Parts of 1 of which every byte that is scaled to [0, 1] in float32 is a whole number."""

UNITS = (np.arange(LEVELS + 1, dtype=np.float32) / np.float32(LEVELS) * UNIT).astype(np.int64)
"""That number for every byte, (256,)."""

_SUMMED = np.stack([UNITS, UNITS**2 // UNIT, UNITS**2 % UNIT], axis=1)
"""Summands of `unit_sums` for every byte, (256, 3)."""


class LevelSums(NamedTuple):
    """Sums of bytes that are scaled to [0, 1], exact in any order.

    Attributes:
        numbers: How many there are.
        total: Their sum, in `UNIT` parts of 1.
        squares: The sum of their squares, in parts of `UNIT` squared.
    """

    numbers: int
    total: int
    squares: int

    def moments(self) -> tuple[float, float]:
        """Return mean and standard deviation: with n of sum S, S / n and sqrt(n Q - S^2) / n."""
        n, total, squares = self
        return total / (n * UNIT), sqrt(Fraction(n * squares - total**2, (n * UNIT) ** 2))


def unit_sums(counts: NDArray[Any]) -> NDArray[Any]:
    """Return the sums of bytes, each of which occurs so often: from (..., 256) to (..., 3).

    They are the sum, and of the sum of squares the whole `UNIT`s and the rest: of a picture they
    fit into 64 bits.
    """
    return counts @ _SUMMED


def level_sums(count: int, sums: NDArray[Any]) -> LevelSums:
    """Return the sums of so many bytes from those of all pictures, (N, 3)."""
    total, whole, rest = (sum(column) for column in sums.T.tolist())  # beyond 64 bits
    return LevelSums(count, total, whole * UNIT + rest)


def moments_of_numbers(parts: Sequence[Tensor]) -> tuple[float, float]:
    """Return mean and standard deviation; by NumPy, as torch's depend on the number of threads."""
    numbers = np.concatenate([part.numpy().ravel() for part in parts])
    return float(numbers.mean(dtype=np.float64)), float(numbers.std(dtype=np.float64))


def usable(std: float) -> float:
    """Return a deviation to divide by: 1 for what is constant."""
    return std if std >= LEAST_STD else 1.0


def normalised(numbers: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Centre and scale the channels or columns (axis 1) of numbers, which are overwritten."""
    return numbers.sub_(_per_channel(mean, numbers)).div_(_per_channel(std, numbers))


def normalised_bytes(levels: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Return bytes (N, channels, ...) in [0, 1], centred and scaled, float32."""
    return normalised(levels.float().div_(LEVELS), mean, std)


def _per_channel(values: Sequence[float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).view(-1, *(1,) * (like.dim() - 2))
