"""Batch norm with the relu that follows it."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.blend import Running, Setting, blend, compiles


def norm(
    x: Tensor,
    weights: tuple[Tensor, Tensor] | None,
    running: Running,
    momentum: float,
    eps: float,
    *,
    training: bool,
    tracking: bool,
    relu: bool,
) -> Tensor:
    """Return weight * (x - m) / sqrt(v + eps) + bias per channel, then relu if wanted.

    In training m and v are the batch's mean and (biased) variance, else the running ones. Compiled,
    it keeps only `x`; torch's two operations keep what lies between them too.

    Args:
        x: (B, C, H, W).
        weights: Weight and bias, (C,) each; None for 1 and 0.
        running: Running mean and (unbiased) variance, (C,) each.
        momentum: Share of the batch in new running statistics.
        eps: Added to the variance.
        training: Normalise by the batch's statistics.
        tracking: In training, update the running statistics in place.
        relu: Set negative results to 0.

    Raises:
        ValueError: In training, with one value per channel (as torch does).
    """
    setting = Setting((running,), momentum, eps, training, tracking, relu)
    weight, bias = weights or (None, None)
    if compiles("norm", [x], setting, weight, bias):
        return blend([x], weight, bias, setting)
    own_mean, own_variance = (None, None) if training and not tracking else running
    result = functional.batch_norm(x, own_mean, own_variance, weight, bias, training, momentum, eps)
    return functional.relu(result) if relu else result
