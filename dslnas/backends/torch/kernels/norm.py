"""Batch norms for loops: what they do to every channel, and the gradients of what they read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.kernel_call import KernelCall
from dslnas.backends.torch.kernels.moments import known_moments
from dslnas.backends.torch.kernels.norm_args import NormGrad, NormSizes, NormStats

LANES, PART, MOST_PARTS = 256, 32768, 64
"""Values of a tile, if it has more than one pixel; of a part, at least; and how many parts."""


class Norm(NamedTuple):
    """Tensors of a batch norm, (C,) each.

    Attributes:
        mean: Running mean.
        variance: Running variance.
        scale: Trained factor, or None for ones.
        offset: Trained summand, or None for zeros.
    """

    mean: Tensor
    variance: Tensor
    scale: Tensor | None = None
    offset: Tensor | None = None


class Rule(NamedTuple):
    """How inputs are normalised.

    Attributes:
        momentum: Share of the batch in new running statistics.
        eps: Added to variances.
        training: Use the batch's statistics, not the running ones.
        tracking: In training, update the running statistics in place.
    """

    momentum: float
    eps: float
    training: bool
    tracking: bool


def sizes_of(inputs: int, x: Tensor) -> NormSizes:
    """Return the sizes of so many inputs like x; parts follow from the size alone."""
    batch, channels, height, width = x.shape
    lanes = channels * max(1, LANES // channels)
    tiles = -(-x.numel() // lanes)
    parts = max(1, min(MOST_PARTS, x.numel() // PART, tiles))
    return NormSizes(
        inputs=inputs,
        batch=batch,
        channels=channels,
        height=height,
        width=width,
        parts=parts,
        lanes=lanes,
    )


def norm_stats(
    sizes: NormSizes,
    inputs: Sequence[Tensor],
    norms: Sequence[Norm | None],
    rule: Rule,
    factors: Tensor | None = None,
) -> Tensor:
    """Return mean, inverse deviation, slope and offset of every input, (4 * inputs, C), float64.

    With factor a, scale gamma and offset beta, 1 and 0 where there are none,

        slope = a * gamma * inverse, offset = a * beta - slope * mean:

    slope * y + offset is a times the norm of y. In training the running statistics follow.

    Args:
        sizes: As `sizes_of` gives them.
        inputs: Images y, channels innermost, (B, C, H, W) each.
        norms: By input its norm; None if it is taken as it is.
        rule: How they normalise.
        factors: a, (inputs,).
    """
    x, moments = inputs[0], list(map(known_moments, inputs))
    stats = torch.empty(sizes.stats_shape, dtype=torch.float64)
    args = NormStats(
        **vars(sizes),
        training=rule.training,
        tracking=rule.tracking,
        momentum=rule.momentum,
        eps=rule.eps,
        sources=inputs,
        running_means=[norm and norm.mean for norm in norms],
        running_variances=[norm and norm.variance for norm in norms],
        scales=[norm and norm.scale for norm in norms],
        offsets=[norm and norm.offset for norm in norms],
        factors=factors,
        stats=stats,
        moments=moments,
        sums=torch.empty((sizes.parts * sizes.inputs * 4, sizes.channels), dtype=torch.float64),
    )
    call = KernelCall(args, x.dtype)
    if rule.training and any(
        norm is not None and known is None for norm, known in zip(norms, moments, strict=True)
    ):
        call.run("part_moments", sizes.inputs * sizes.parts)
    call.run("finalize_stats", 1)
    return stats


def norm_gradients(
    sizes: NormSizes,
    stats: Tensor,
    sums: Tensor,
    totals: Tensor,
    normalised: Tensor,
    dtype: torch.dtype,
    sources: Sequence[Tensor | None] = (),
    gradients: Sequence[Tensor | None] = (),
) -> None:
    """Add up sums over pixels, and turn gradients g of norms into those of what they read, y.

    Args:
        sizes: As `sizes_of` gives them.
        stats: As `norm_stats` gives them.
        sums: By part, of whatever size, and input the sum of g * (y - mean), and behind all inputs
            of the part that of g: (parts * 2 * inputs, C), float64.
        totals: Written: by input the sum of g times the normalised input, which is the gradient of
            the scale but for the factor; by input that of g, the same of the offset; turns and
            shifts, with which that of an input is slope * g + turn * y + shift; like `stats`.
        normalised: By input whether the batch's statistics were used, as `flags`.
        dtype: Type of the inputs.
        sources: By input y, where gradients are given.
        gradients: By input g, which is turned in place; None where it is not.
    """
    nothing = (None,) * sizes.inputs
    args = NormGrad(
        **vars(sizes),
        summands=len(sums) // (2 * sizes.inputs),
        normalised=normalised,
        stats=stats,
        sums=sums,
        totals=totals,
        sources=sources or nothing,
        targets=gradients or nothing,
    )
    call = KernelCall(args, dtype)
    call.run("reduce_grad", 1)
    if gradients:
        call.run("norm_grad", sizes.inputs * sizes.parts)


def normalised(x: Tensor, weight: Tensor | None, norm: Norm, rule: Rule) -> Tensor:
    """Return the norm of images or signals times a weight, a scalar, by torch's functions."""
    mean, variance = (None, None) if rule.training and not rule.tracking else norm[:2]
    scale, offset = norm.scale, norm.offset
    if weight is not None:
        scale = weight.expand(x.shape[1]) if scale is None else weight * scale
        offset = scale.new_zeros(x.shape[1]) if offset is None else weight * offset
    if scale is not None:  # on CPUs torch's gradient reads one with another stride as if it had 1
        scale = scale.contiguous()
    return functional.batch_norm(
        x, mean, variance, scale, offset, rule.training, rule.momentum, rule.eps
    )


@lru_cache(1024)
def flags(given: tuple[bool, ...]) -> Tensor:
    """Return 1 for what is true and 0 for what is not, as loops read it."""
    return torch.tensor(given, dtype=torch.int64)
