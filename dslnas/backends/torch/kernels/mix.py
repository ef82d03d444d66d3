"""The weighted sum of an edge's operations, each with the batch norm at its end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.availability import channels_last, has_loops, plain_cpu
from dslnas.backends.torch.kernels.kernel_call import KernelCall
from dslnas.backends.torch.kernels.mix_args import MixBackward, MixForward, MixSizes
from dslnas.backends.torch.kernels.once_differentiable import once_differentiable

LANES, PART, MOST_PARTS = 256, 16384, 64
"""Values of a tile, if it has more than one pixel; of a part, at least; and how many parts."""

Running = tuple[Tensor, Tensor]
"""Running mean and variance, (C,) each."""


class _Setting(NamedTuple):
    """How inputs are normalised.

    Attributes:
        running: By input its running statistics; None if it is taken as it is.
        momentum: Share of the batch in new running statistics.
        eps: Added to variances.
        training: Use the batch's statistics, not the running ones.
        tracking: In training, update the running statistics.
    """

    running: tuple[Running | None, ...]
    momentum: float
    eps: float
    training: bool
    tracking: bool


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

    Reference: Ioffe and Szegedy, Batch Normalization, arXiv:1502.03167, section 3.
    """
    setting = _Setting(tuple(statistics), momentum, eps, training, tracking)
    if _has_loops(inputs, setting, weights):
        result: Tensor = _Mix.apply(setting, weights, *map(channels_last, inputs))  # type: ignore[no-untyped-call]
        return result
    terms = (
        _term(x, None if weights is None else weights[k], running, setting)
        for k, (x, running) in enumerate(zip(inputs, statistics, strict=True))
    )
    return sum(terms, start=next(terms))


def _term(x: Tensor, weight: Tensor | None, running: Running | None, setting: _Setting) -> Tensor:
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


def _has_loops(inputs: Sequence[Tensor], setting: _Setting, weights: Tensor | None) -> bool:
    """Say whether loops can be used for these tensors: of images, on a CPU."""
    x, own = inputs[0], [tensor for running in setting.running if running for tensor in running]
    return (
        has_loops("mix")
        and x.dim() == 4
        and x.numel() > x.shape[1]  # more than one pixel
        and plain_cpu([*inputs, *own, *(() if weights is None else (weights,))])
        and all(map(Tensor.is_contiguous, own))
        and len(set(map(Tensor.data_ptr, own))) == len(own)
    )


class _Mix(torch.autograd.Function):
    """Mix by loops: keeps what it reads again and numbers per channel, but nothing normalised."""

    @staticmethod
    def forward(ctx: Any, setting: _Setting, factors: Tensor | None, *inputs: Tensor) -> Tensor:
        x, running = inputs[0], [own or (None, None) for own in setting.running]
        sizes = _sizes_of(len(inputs), x)
        scales = torch.ones(len(inputs), dtype=x.dtype) if factors is None else factors.contiguous()
        stats, out = x.new_empty(sizes.stats_shape), torch.empty_like(x)
        args = MixForward(
            **vars(sizes),
            training=setting.training,
            tracking=setting.tracking,
            momentum=setting.momentum,
            eps=setting.eps,
            sources=inputs,
            running_means=[own[0] for own in running],
            running_variances=[own[1] for own in running],
            factors=scales,
            target=out,
            stats=stats,
            sums=torch.empty((sizes.parts * len(inputs) * 2, sizes.channels), dtype=torch.float64),
        )
        call = KernelCall(args, x.dtype)
        if setting.training:
            call.run("part_moments", len(inputs) * sizes.parts)
        call.run("finalize_stats", 1)
        call.run("forward", sizes.parts)
        reads = _reads(ctx, setting)
        ctx.save_for_backward(*(x for x, read in zip(inputs, reads, strict=True) if read))
        ctx.setting, ctx.sizes, ctx.stats = setting, sizes, stats
        ctx.weighted = factors is not None
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        g, sizes, setting, saved = (
            channels_last(gradient),
            ctx.sizes,
            ctx.setting,
            iter(ctx.saved_tensors),
        )
        needed = ctx.needs_input_grad[2:]
        passed = [running is None and not ctx.weighted for running in setting.running]
        grads = [
            None if not need else g if same else torch.empty_like(g)
            for need, same in zip(needed, passed, strict=True)
        ]
        targets = [None if grad is g else grad for grad in grads]
        rows = sizes.inputs + 1
        products = torch.empty((rows, sizes.channels), dtype=torch.float64)
        args = MixBackward(
            **vars(sizes),
            sources=[next(saved) if read else None for read in _reads(ctx, setting)],
            normalised=_flags(
                tuple(setting.training and running is not None for running in setting.running)
            ),
            stats=ctx.stats,
            gradient=g,
            targets=targets,
            factors=g.new_empty((2 * sizes.inputs, sizes.channels)),
            sums=torch.empty((sizes.parts * rows, sizes.channels), dtype=torch.float64),
            products=products,
        )
        call, weighing = KernelCall(args, g.dtype), ctx.needs_input_grad[1]
        if weighing or _needs_sums(ctx, setting):
            call.run("part_dots", sizes.parts)
            call.run("reduce_grad", 1)
        if any(target is not None for target in targets):
            call.run("backward", sizes.parts)
        return None, products[:-1].sum(1).to(g.dtype) if weighing else None, *grads


@lru_cache(1024)
def _flags(flags: tuple[bool, ...]) -> Tensor:
    return torch.tensor(flags, dtype=torch.int64)


def _sizes_of(inputs: int, x: Tensor) -> MixSizes:
    """Return the sizes of a sum of so many inputs like x; parts follow from the size alone."""
    batch, channels, height, width = x.shape
    lanes = channels * max(1, LANES // channels)
    tiles = -(-x.numel() // lanes)
    parts = max(1, min(MOST_PARTS, x.numel() // PART, tiles))
    return MixSizes(
        inputs=inputs,
        batch=batch,
        channels=channels,
        height=height,
        width=width,
        parts=parts,
        lanes=lanes,
    )


def _reads(ctx: Any, setting: _Setting) -> list[bool]:
    """Return which inputs are read again for the gradient."""
    every = ctx.needs_input_grad[1]
    return [
        every or (need and setting.training and running is not None)
        for need, running in zip(ctx.needs_input_grad[2:], setting.running, strict=True)
    ]


def _needs_sums(ctx: Any, setting: _Setting) -> bool:
    """Say whether an input's gradient asks for sums: statistics of the batch depend on it."""
    return setting.training and any(
        need and running is not None
        for need, running in zip(ctx.needs_input_grad[2:], setting.running, strict=True)
    )
