"""Batch norm over the examples of several processes."""

from __future__ import annotations

import torch
from torch import Tensor

from dslnas.ranks import Ranks


def normed_together(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running: tuple[Tensor, Tensor] | None,
    momentum: float,
    eps: float,
    ranks: Ranks,
) -> Tensor:
    """Return (x - m) / sqrt(v + eps) * weight + bias, m and v those of the examples of all ranks.

    With n numbers of a channel in all, m = sum x / n and v = sum (x - m)^2 / n. The running
    statistics move by `momentum` towards m and v n / (n - 1), as in one process. It can be
    differentiated twice.

    Args:
        x: The examples of this rank, (N, C, ...).
        weight: Scale of each channel, if there is one.
        bias: Offset of each channel, if there is one.
        running: Mean and variance that move, if they do.
        momentum: How far they move.
        eps: Keeps channels that are constant finite.
        ranks: The processes.
    """
    axes = [0, *range(2, x.dim())]
    shape = (1, -1, *[1] * (x.dim() - 2))
    count = ranks.sum(x.new_tensor(float(x.numel() // x.shape[1])))
    mean = ranks.sum(x.sum(axes)) / count
    centred = x - mean.view(shape)
    variance = ranks.sum(centred.square().sum(axes)) / count
    if running is not None:
        with torch.no_grad():
            for kept, found in zip(running, (mean, variance * count / (count - 1)), strict=True):
                kept.lerp_(found.to(kept.dtype), momentum)
    found = centred * (variance + eps).rsqrt().view(shape)
    if weight is not None:
        found = found * weight.view(shape)
    return found if bias is None else found + bias.view(shape)
