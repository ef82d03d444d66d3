"""The weighted sum of an edge's operations, each with the batch norm at its end."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.blend import Running, Setting, blend, compiles


def mix(
    inputs: Sequence[Tensor],
    weights: Tensor | None,
    statistics: Sequence[Running | None],
    momentum: float,
    eps: float,
    *,
    training: bool,
    tracking: bool,
) -> Tensor:
    """Return the sum over k of a_k * N_k(y_k); no normalised tensor is made or kept.

    N_k(y) = (y - m_k) / sqrt(v_k + eps) per channel where there are statistics, else y. So with
    s_k = a_k / sqrt(v_k + eps) the sum is that of s_k * y_k, less that of s_k * m_k. In training
    m_k and v_k are the batch's, of n values per channel, and gradients are, from the sum's g,

        G = sum g,  D_k = sum g * N_k(y_k)  per channel;  da_k = sum of D_k over channels;
        dy_k = s_k * (g - G / n - N_k(y_k) * D_k / n).

    In evaluation dy_k = s_k * g; without statistics da_k = sum g * y_k and dy_k = a_k * g.

    Args:
        inputs: K tensors (B, C, H, W).
        weights: a, (K,); None for ones.
        statistics: By input its running mean and variance, (C,) each, or None.
        momentum: Share of the batch in new running statistics.
        eps: Added to variances.
        training: Normalise by the batch's statistics.
        tracking: In training, update the running statistics in place.
    """
    setting = Setting(tuple(statistics), momentum, eps, training, tracking, relu=False)
    if compiles("mix", inputs, setting, weights):
        return blend(inputs, weights, None, setting)
    terms = (
        _term(x, None if weights is None else weights[k], running, setting)
        for k, (x, running) in enumerate(zip(inputs, statistics, strict=True))
    )
    return sum(terms, start=next(terms))


def _term(x: Tensor, weight: Tensor | None, running: Running | None, setting: Setting) -> Tensor:
    if running is None:
        return x if weight is None else weight * x
    # A scale without a stride, which `expand` gives, makes torch's gradient wrong on CPUs.
    scale = None if weight is None else weight.expand(x.shape[1]).contiguous()
    mean, variance = (None, None) if setting.training and not setting.tracking else running
    return functional.batch_norm(
        x,
        mean,
        variance,
        scale,
        None if scale is None else scale.new_zeros(x.shape[1]),
        setting.training,
        setting.momentum,
        setting.eps,
    )
