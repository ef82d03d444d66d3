"""Depthwise convolution on CPUs, with gradients that are nearly as fast as its forward pass."""

from __future__ import annotations

from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

Pair: TypeAlias = tuple[int, int]
"""(height, width)."""

Window: TypeAlias = tuple[Pair, Pair, Pair]
"""Stride, padding on each side, and dilation of a kernel."""


def depthwise(x: Tensor, weight: Tensor, stride: Pair, padding: Pair, dilation: Pair) -> Tensor:
    """Return the convolution of every channel with a kernel of its own.

    The forward pass is torch's. torch's gradients take 5 to 50 times as long where the kernel is
    dilated; here the input's gradient is a convolution again, and the weight's that of a dense
    kernel. On a GPU, and where torch compiles, all is torch's.

    Args:
        x: (B, C, H, W).
        weight: (C, 1, kernel height, kernel width).
        stride: (height, width), as the others.
        padding: Zeros on each side.
        dilation: Distance of the kernel's places.
    """
    if not x.is_cpu or x.dtype != weight.dtype or torch.is_autocast_enabled("cpu"):
        return functional.conv2d(x, weight, None, stride, padding, dilation, len(weight))
    result: Tensor = _Depthwise.apply(x, weight, (stride, padding, dilation))  # type: ignore[no-untyped-call]
    return result


class _Depthwise(torch.autograd.Function):
    """Keeps the input only if the weight has a gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, window: Window) -> Tensor:
        needs_input, needs_weight, _ = ctx.needs_input_grad
        ctx.save_for_backward(x if needs_weight else None, weight if needs_input else None)
        ctx.window, ctx.x, ctx.weight = window, x.shape, weight.shape
        return functional.conv2d(x, weight, None, *window, len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        d_input = None if weight is None else _input_gradient(gradient, weight, ctx.x, ctx.window)
        d_weight = None if x is None else _weight_gradient(x, gradient, ctx.weight, ctx.window)
        return d_input, d_weight, None


def _input_gradient(g: Tensor, weight: Tensor, shape: torch.Size, window: Window) -> Tensor:
    """Return the convolution of the gradient with the kernel turned by 180 degrees."""
    stride, padding, dilation = window
    reach = [d * (k - 1) for k, d in zip(weight.shape[2:], dilation, strict=True)]
    outside = [r - p for r, p in zip(reach, padding, strict=True)]
    if stride != (1, 1) or min(outside) < 0:
        return _library(g, g.new_empty(()).expand(shape), weight, window, inputs=True)
    turned = weight.flip(2, 3)
    return functional.conv2d(g, turned, None, 1, outside, dilation, len(weight))


def _weight_gradient(x: Tensor, g: Tensor, shape: torch.Size, window: Window) -> Tensor:
    """Return it by a dense kernel on the grids of every d-th pixel, where the kernel is dilated.

    A dilated kernel that steps by one never leaves such a grid, so the grids are so many more
    examples of a batch.
    """
    stride, (top, left), (high, wide) = window
    if stride != (1, 1) or (high, wide) == (1, 1):
        return _library(g, x, g.new_empty(()).expand(shape), window, inputs=False)
    below, right = -g.shape[2] % high, -g.shape[3] % wide
    grids = _sub_grids(functional.pad(x, (left, left + right, top, top + below)), high, wide)
    given = _sub_grids(functional.pad(g, (0, right, 0, below)), high, wide)
    dense: Window = (1, 1), (0, 0), (1, 1)
    return _library(given, grids, g.new_empty(()).expand(shape), dense, inputs=False)


def _sub_grids(x: Tensor, high: int, wide: int) -> Tensor:
    """Return (high * wide * B, C, H / high, W / wide)."""
    batch, channels, height, width = x.shape
    split = x.reshape(batch, channels, height // high, high, width // wide, wide)
    grids = split.permute(3, 5, 0, 1, 2, 4).reshape(-1, channels, height // high, width // wide)
    return grids.contiguous(memory_format=torch.channels_last)


def _library(g: Tensor, x: Tensor, weight: Tensor, window: Window, *, inputs: bool) -> Tensor:
    """Return torch's own gradient, of the input or of the weight; the other is only a shape."""
    wanted = (inputs, not inputs, False)
    found = torch.ops.aten.convolution_backward(
        g, x, weight, None, *window, False, (0, 0), weight.shape[0], wanted
    )
    gradient: Tensor = found[0 if inputs else 1]
    return gradient
