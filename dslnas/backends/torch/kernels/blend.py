"""The weighted sum of normalised tensors with its gradient: what `norm` and `mix` share."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from dslnas.backends.torch.kernels.compiled import Kernel, Told, channels_last, has_loops, plain_cpu
from dslnas.backends.torch.kernels.once import once
from dslnas.backends.torch.kernels.records import lanes_and_parts

Running = tuple[Tensor, Tensor]
"""Running mean and variance, (C,) each."""


class Setting(NamedTuple):
    """How inputs are normalised.

    Attributes:
        running: By input its running statistics; None if it is taken as it is.
        momentum: Share of the batch in new running statistics.
        eps: Added to variances.
        training: Use the batch's statistics, not the running ones.
        tracking: In training, update the running statistics.
        relu: Take relu of the sum; only with one input.
    """

    running: tuple[Running | None, ...]
    momentum: float
    eps: float
    training: bool
    tracking: bool
    relu: bool


def compiles(
    kernel: Kernel, inputs: Sequence[Tensor], setting: Setting, *others: Tensor | None
) -> bool:
    """Say whether a kernel's loops can be used for these tensors: of images, on a CPU."""
    own = [tensor for running in setting.running if running is not None for tensor in running]
    pixels = inputs[0].numel() // max(1, inputs[0].shape[1])
    return (
        has_loops(kernel)
        and inputs[0].dim() == 4
        and pixels > 1
        and plain_cpu([*inputs, *own, *(tensor for tensor in others if tensor is not None)])
        and all(tensor.is_contiguous() for tensor in own)
    )


def blend(
    inputs: Sequence[Tensor], factors: Tensor | None, bias: Tensor | None, setting: Setting
) -> Tensor:
    """Return [relu] of bias + sum over k of factor_k * N_k(y_k), compiled.

    N_k(y) is (y - mean_k) / sqrt(var_k + eps) per channel, or y.

    Args:
        inputs: K tensors (B, C, H, W) for which `compiles` holds.
        factors: (K,), or (C,) for one input; None counts as 1.
        bias: (C,), or None.
        setting: What N_k are.
    """
    result: Tensor = _Blend.apply(setting, factors, bias, *map(channels_last, inputs))  # type: ignore[no-untyped-call]
    return result


class _Blend(torch.autograd.Function):
    """Keeps what it reads again, and numbers per channel; nothing normalised is kept.

    With n pixels, yhat_k = N_k(y_k), g the gradient where relu let values through, G = sum of g and
    D_k = sum of g * yhat_k per channel: the gradient of factor_k is D_k, that of the bias G, and
    that of y_k is s_k * (g - G / n - yhat_k * D_k / n) with s_k = factor_k / sqrt(var_k + eps),
    or s_k * g where running statistics were used, or factor_k * g.

    Reference: Ioffe and Szegedy, Batch Normalization, arXiv:1502.03167, section 3.
    """

    @staticmethod
    def forward(
        ctx: Any, setting: Setting, factors: Tensor | None, bias: Tensor | None, *inputs: Tensor
    ) -> Tensor:
        x = inputs[0]
        count, channels, total = len(inputs), x.shape[1], x.numel()
        lanes, parts = lanes_and_parts(total, channels)
        out = torch.empty_like(x)
        scales = torch.ones(count, dtype=x.dtype) if factors is None else factors.contiguous()
        shifts = None if bias is None else bias.contiguous()
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
                "factor_width": scales.numel() // count,
                "training": setting.training,
                "tracking": setting.tracking,
                "relu": setting.relu,
                "momentum": setting.momentum,
                "eps": setting.eps,
                "sources": at,
                "running_means": at + table_row,
                "running_variances": at + 2 * table_row,
                "factors": scales.data_ptr(),
                "bias": 0 if shifts is None else shifts.data_ptr(),
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
        ctx.factors = None if factors is None else factors.shape
        ctx.tables = tables
        return out

    @staticmethod
    @once
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        g, saved, setting = channels_last(gradient), iter(ctx.saved_tensors), ctx.setting
        reads, needed = _reads(ctx, setting), ctx.needs_input_grad[3:]
        inputs = [next(saved) if read else None for read in reads]
        passed = [running is None and ctx.factors is None for running in setting.running]
        grads = [
            None if not need else g if same and not setting.relu else torch.empty_like(g)
            for need, same in zip(needed, passed, strict=True)
        ]
        made = [None if grad is g else grad for grad in grads]
        values = dict(ctx.told.values)
        told = Told("channels", g.dtype, values)
        count, channels, parts = len(inputs), ctx.shape[1], values["parts"]
        tables = _addresses(*inputs, *made)
        at = tables.buffer_info()[0]
        values |= {"sources": at, "targets": at + 8 * count, "gradient": g.data_ptr()}
        d_factors = d_bias = None
        if any(ctx.needs_input_grad[1:3]) or _needs_sums(ctx, setting):
            sums = torch.empty((parts, count + 1, channels), dtype=torch.float64)
            found = torch.empty((count + 1, channels), dtype=torch.float64)
            values |= {"sums": sums.data_ptr(), "products": found.data_ptr()}
            values["level"] = found.data_ptr() + 8 * count * channels
            told.run("part_dots", parts)
            told.run("bend", 1)
            if ctx.needs_input_grad[1]:
                per_factor = count * channels // ctx.factors.numel()
                d_factors = found[:count].view(-1, per_factor).sum(1).to(g.dtype).view(ctx.factors)
            if ctx.needs_input_grad[2]:
                d_bias = found[count].to(g.dtype)
        if any(grad is not None for grad in made):
            told.run("spread", parts)
        return None, d_factors, d_bias, *grads


def _addresses(*tensors: Tensor | None) -> array[int]:
    return array("q", [0 if x is None else x.data_ptr() for x in tensors])


def _reads(ctx: Any, setting: Setting) -> list[bool]:
    """Return which inputs are read again for the gradient."""
    every = any(ctx.needs_input_grad) and (setting.relu or ctx.needs_input_grad[1])
    return [
        every or (need and setting.training and running is not None)
        for need, running in zip(ctx.needs_input_grad[3:], setting.running, strict=True)
    ]


def _needs_sums(ctx: Any, setting: Setting) -> bool:
    """Say whether an input's gradient asks for sums: statistics of the batch depend on it."""
    return setting.training and any(
        need and running is not None
        for need, running in zip(ctx.needs_input_grad[3:], setting.running, strict=True)
    )
