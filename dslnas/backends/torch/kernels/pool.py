"""Pooling over windows of images."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.compiled import channels_last, has_loops, plain_cpu
from dslnas.backends.torch.kernels.once import once
from dslnas.backends.torch.kernels.window import Pair, Window, told_of


def max_pool(x: Tensor, kernel: Pair, stride: Pair, padding: Pair) -> Tensor:
    """Return the greatest value of each window; compiled, one byte per window is kept.

    Equal values, NaN and borders count as in torch, which serves where no gradient is wanted.

    Args:
        x: (B, C, H, W).
        kernel: (height, width), as the others.
        stride: Distance of windows.
        padding: Places on each side that hold no value; at most half the kernel.
    """
    window = Window(kernel, stride, padding, (1, 1))
    wanted = x.requires_grad and torch.is_grad_enabled() and kernel[0] * kernel[1] <= 256
    if wanted and has_loops("max_pool") and _fits(x, window) and plain_cpu([x]):
        result: Tensor = _MaxPool.apply(channels_last(x), window)  # type: ignore[no-untyped-call]
        return result
    pooled: Tensor = functional.max_pool2d(x, kernel, stride, padding)
    return pooled


def _fits(x: Tensor, window: Window) -> bool:
    """Say whether every window holds a value; torch's own operations report what does not."""
    half = all(2 * p <= k for p, k in zip(window.padding, window.kernel, strict=True))
    return half and x.numel() > 0 and min(window.output(*x.shape[2:])) > 0


class _MaxPool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, window: Window) -> Tensor:
        size = (*x.shape[:2], *window.output(*x.shape[2:]))
        out = torch.empty(size, dtype=x.dtype, memory_format=torch.channels_last)
        places = torch.empty(out.numel(), dtype=torch.uint8)
        told = told_of(window, x.shape, out.shape, x.dtype)
        told.values |= {"inputs": x.data_ptr(), "outputs": out.data_ptr()}
        told.values["places"] = places.data_ptr()
        told.run("greatest", out.shape[0] * out.shape[2])
        ctx.window, ctx.shape, ctx.places = window, x.shape, places
        return out

    @staticmethod
    @once
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        g = channels_last(gradient)
        found = torch.empty(ctx.shape, dtype=g.dtype, memory_format=torch.channels_last)
        told = told_of(ctx.window, ctx.shape, g.shape, g.dtype)
        told.values |= {"inputs": found.data_ptr(), "outputs": g.data_ptr()}
        told.values["places"] = ctx.places.data_ptr()
        told.run("gather", ctx.shape[0] * ctx.shape[2])
        return found, None
