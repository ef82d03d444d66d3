"""Inputs that are centred and scaled."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from dslnas.data.exact_sums import LEVELS

LEAST_STD = 1e-6
"""Deviation below which something is constant but for rounding; it is only centred."""


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
