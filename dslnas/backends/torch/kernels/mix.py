"""The weighted sum of an edge's operations, each with the batch norm at its end."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.compiled import Told, channels_last, has_loops, plain_cpu
from dslnas.backends.torch.kernels.once import once
from dslnas.backends.torch.kernels.records import lanes_and_parts

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
    own = [tensor for running in setting.running if running is not None for tensor in running]
    pixels = inputs[0].numel() // max(1, inputs[0].shape[1])
    return (
        has_loops("mix")
        and inputs[0].dim() == 4
        and pixels > 1
        and plain_cpu([*inputs, *own, *(() if weights is None else (weights,))])
        and all(tensor.is_contiguous() for tensor in own)
    )


class _Mix(torch.autograd.Function):
    """Mix by loops: keeps what it reads again and numbers per channel, but nothing normalised."""

    @staticmethod
    def forward(ctx: Any, setting: _Setting, factors: Tensor | None, *inputs: Tensor) -> Tensor:
        x = inputs[0]
        count, channels, total = len(inputs), x.shape[1], x.numel()
        lanes, parts = lanes_and_parts(total, channels)
        out = torch.empty_like(x)
        scales = torch.ones(count, dtype=x.dtype) if factors is None else factors.contiguous()
        # mean, inverse, slope, bend and shift of every input; the offset
        numbers = torch.empty((5 * count + 1, channels), dtype=x.dtype)
        sums = torch.empty((parts, 2 * count, channels), dtype=torch.float64)
        running = [own or (None, None) for own in setting.running]
        means, variances = [own[0] for own in running], [own[1] for own in running]
        tables = _addresses(*inputs, *means, *variances)
        first, row = numbers.data_ptr(), channels * numbers.element_size()
        at, table_row = tables.buffer_info()[0], 8 * count
        told = Told(
            "channels",
            x.dtype,
            {
                "inputs": count,
                "channels": channels,
                "total": total,
                "lanes": lanes,
                "parts": parts,
                "training": setting.training,
                "tracking": setting.tracking,
                "momentum": setting.momentum,
                "eps": setting.eps,
                "sources": at,
                "running_means": at + table_row,
                "running_variances": at + 2 * table_row,
                "factors": scales.data_ptr(),
                "target": out.data_ptr(),
                "mean": first,
                "inverse": first + count * row,
                "slope": first + 2 * count * row,
                "bend": first + 3 * count * row,
                "shift": first + 4 * count * row,
                "offset": first + 5 * count * row,
                "sums": sums.data_ptr(),
            },
        )
        if setting.training:
            told.run("part_moments", count * parts)
        told.run("settle", 1)
        told.run("combine", parts)
        reads = _reads(ctx, setting)
        ctx.save_for_backward(*(x for x, read in zip(inputs, reads, strict=True) if read))
        ctx.setting, ctx.told, ctx.numbers, ctx.shape = setting, told, numbers, x.shape
        ctx.weighted = factors is not None
        ctx.tables = tables
        return out

    @staticmethod
    @once
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        g, saved, setting = channels_last(gradient), iter(ctx.saved_tensors), ctx.setting
        reads, needed = _reads(ctx, setting), ctx.needs_input_grad[2:]
        inputs = [next(saved) if read else None for read in reads]
        passed = [running is None and not ctx.weighted for running in setting.running]
        grads = [
            None if not need else g if same else torch.empty_like(g)
            for need, same in zip(needed, passed, strict=True)
        ]
        made = [None if grad is g else grad for grad in grads]
        values = dict(ctx.told.values)
        told = Told("channels", g.dtype, values)
        count, channels, parts = len(inputs), ctx.shape[1], values["parts"]
        tables = _addresses(*inputs, *made)
        at = tables.buffer_info()[0]
        values |= {"sources": at, "targets": at + 8 * count, "gradient": g.data_ptr()}
        d_factors = None
        if ctx.needs_input_grad[1] or _needs_sums(ctx, setting):
            sums = torch.empty((parts, count + 1, channels), dtype=torch.float64)
            found = torch.empty((count + 1, channels), dtype=torch.float64)
            values |= {"sums": sums.data_ptr(), "products": found.data_ptr()}
            values["level"] = found.data_ptr() + 8 * count * channels
            told.run("part_dots", parts)
            told.run("bend", 1)
            if ctx.needs_input_grad[1]:
                d_factors = found[:count].sum(1).to(g.dtype)
        if any(grad is not None for grad in made):
            told.run("spread", parts)
        return None, d_factors, *grads


def _addresses(*tensors: Tensor | None) -> array[int]:
    return array("q", [0 if x is None else x.data_ptr() for x in tensors])


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
