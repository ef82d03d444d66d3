"""Batch norm over the examples of several processes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

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

    Rank r has n_r numbers of a channel, of mean m_r and with the sum of squares s_r around it. With
    n = sum n_r,

        m = sum_r n_r m_r / n,    v = sum_r (s_r + n_r (m_r - m)^2) / n,

    so ranks tell each other one row, once (Chan, Golub and LeVeque 1979). The running statistics
    move by `momentum` towards m and v n / (n - 1), as in one process. It can be differentiated
    twice. Statistics of bfloat16 are float32, as those of one process are.

    Args:
        x: The examples of this rank, (N, C, ...).
        weight: Scale of each channel, if there is one.
        bias: Offset of each channel, if there is one.
        running: Mean and variance that move, if they do.
        momentum: How far they move.
        eps: Keeps channels that are constant finite.
        ranks: The processes.
    """
    given, x = x.dtype, x.to(torch.promote_types(x.dtype, torch.float32))
    axes = [0, *range(2, x.dim())]
    shape = (1, -1, *[1] * (x.dim() - 2))
    own_mean = x.mean(axes)
    own_squares = (x - own_mean.view(shape)).square().sum(axes)
    own_count = torch.full_like(own_mean, x.numel() // x.shape[1])
    counts, means, squares = ranks.rows(torch.stack([own_count, own_mean, own_squares])).unbind(1)
    count = counts.sum(0)
    mean = (counts * means).sum(0) / count
    variance = (squares + counts * (means - mean).square()).sum(0) / count
    centred = x - mean.view(shape)
    if running is not None:
        with torch.no_grad():
            for kept, found in zip(running, (mean, variance * count / (count - 1)), strict=True):
                kept.lerp_(found.to(kept.dtype), momentum)
    found = centred * (variance + eps).rsqrt().view(shape)
    if weight is not None:
        found = found * weight.view(shape)
    return (found if bias is None else found + bias.view(shape)).to(given)


def share_statistics(network: nn.Module, ranks: Ranks) -> None:
    """Give all ranks the mean of their running statistics, where each has taken its own."""
    if not ranks.synchronised:
        ranks.average([buffer for buffer in network.buffers() if buffer.is_floating_point()])
