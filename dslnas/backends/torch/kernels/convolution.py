"""Convolutions of each channel by itself, and of single pixels, with fast gradients on CPUs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.availability import channels_last, plain_cpu
from dslnas.backends.torch.kernels.once_differentiable import once_differentiable
from dslnas.backends.torch.kernels.pixels import every
from dslnas.backends.torch.kernels.window import Pair, Window


def depthwise(x: Tensor, weight: Tensor, stride: Pair, padding: Pair, dilation: Pair) -> Tensor:
    """Return the convolution of every channel with a kernel of its own.

    The forward pass is torch's. torch's gradients take 5 to 50 times as long where the kernel is
    dilated; here the input's gradient is a convolution again, and the weight's a dense one's.

    Args:
        x: (B, C, H, W).
        weight: (C, 1, kernel height, kernel width).
        stride: (height, width), as the others.
        padding: Zeros on each side.
        dilation: Distance of the kernel's places.
    """
    if plain_cpu([x, weight]):
        window = Window((weight.shape[2], weight.shape[3]), stride, padding, dilation)
        result: Tensor = _Depthwise.apply(channels_last(x), weight, window)  # type: ignore[no-untyped-call]
        return result
    return functional.conv2d(x, weight, None, stride, padding, dilation, len(weight))


def pointwise(x: Tensor, weight: Tensor, stride: Pair, padding: Pair, groups: int) -> Tensor:
    """Return a convolution of single pixels, as a product of matrices.

    The library's takes longer to prepare than a small product takes, and with few channels, a
    stride and channels innermost its weight gradient writes where it must not (torch 2.13).

    Args:
        x: (B, C, H, W).
        weight: (O, C / groups, 1, 1).
        stride: (height, width), as the others.
        padding: Zeros on each side.
        groups: Number of groups of channels.
    """
    high, wide = padding
    x = functional.pad(x, (wide, wide, high, high)) if max(padding) else x
    if max(stride) > 1:
        x = every(x, stride) if plain_cpu([x]) else x[:, :, :: stride[0], :: stride[1]]
    if groups != 1:
        return functional.conv2d(x, weight, None, groups=groups)
    return functional.linear(x.permute(0, 2, 3, 1), weight.flatten(1)).permute(0, 3, 1, 2)


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, window: Window) -> Tensor:
        needs_input, needs_weight, _ = ctx.needs_input_grad
        ctx.save_for_backward(x if needs_weight else None, weight if needs_input else None)
        ctx.window, ctx.x, ctx.weight = window, x.shape, weight.shape
        return functional.conv2d(
            x, weight, None, window.stride, window.padding, window.dilation, len(weight)
        )

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        g = channels_last(gradient)
        d_input = None if weight is None else _input_gradient(g, weight, ctx.x, ctx.window)
        d_weight = None if x is None else _weight_gradient(x, g, ctx.weight, ctx.window)
        return d_input, d_weight, None


def _input_gradient(g: Tensor, weight: Tensor, shape: torch.Size, window: Window) -> Tensor:
    """Return the convolution of the gradient with the kernel turned by 180 degrees.

    Between the values of a strided gradient stand zeros. That pays where torch's own gradient is
    slow, which is where the kernel is dilated or steps by one.
    """
    reach = [d * (k - 1) for k, d in zip(window.kernel, window.dilation, strict=True)]
    padding = [r - p for r, p in zip(reach, window.padding, strict=True)]
    strided, dilated = window.stride != (1, 1), window.dilation != (1, 1)
    if min(padding) < 0 or (strided and not dilated):
        x = g.new_empty(()).expand(shape)
        return _library(g, x, weight, window, inputs=True)
    if strided:
        size = [s + 2 * p - r for s, p, r in zip(shape[2:], window.padding, reach, strict=True)]
        wide = g.new_zeros((shape[0], *size, shape[1])).permute(0, 3, 1, 2)
        wide[:, :, :: window.stride[0], :: window.stride[1]] = g
        g = wide
    turned = weight.flip(2, 3)
    return functional.conv2d(g, turned, None, 1, padding, window.dilation, len(weight))


def _weight_gradient(x: Tensor, g: Tensor, shape: torch.Size, window: Window) -> Tensor:
    if window.dilation != (1, 1) and window.stride == (1, 1):
        return _by_sub_grids(x, g, shape, window)
    return _library(g, x, g.new_empty(()).expand(shape), window, inputs=False)


def _by_sub_grids(x: Tensor, g: Tensor, shape: torch.Size, window: Window) -> Tensor:
    """Return the weight gradient as that of an undilated kernel over the grids of every d-th pixel.

    A dilated kernel that steps by one never leaves such a grid, so the grids are so many more
    examples of a batch (Yu and Koltun, arXiv:1511.07122, on what dilation is).
    """
    (high, wide), (top, left) = window.dilation, window.padding
    below, right = -g.shape[2] % high, -g.shape[3] % wide
    grids = _sub_grids(functional.pad(x, (left, left + right, top, top + below)), high, wide)
    given = _sub_grids(functional.pad(g, (0, right, 0, below)), high, wide)
    dense = Window(window.kernel, (1, 1), (0, 0), (1, 1))
    return _library(given, grids, g.new_empty(()).expand(shape), dense, inputs=False)


def _sub_grids(x: Tensor, high: int, wide: int) -> Tensor:
    """Return (high * wide * B, C, H / high, W / wide)."""
    batch, channels, height, width = x.shape
    split = x.reshape(batch, channels, height // high, high, width // wide, wide)
    grids = split.permute(3, 5, 0, 1, 2, 4)
    return channels_last(grids.reshape(-1, channels, height // high, width // wide))


def _library(g: Tensor, x: Tensor, weight: Tensor, window: Window, *, inputs: bool) -> Tensor:
    """Return torch's own gradient, of the input or of the weight; the other is only a shape."""
    found = torch.ops.aten.convolution_backward(
        g,
        x,
        weight,
        None,
        window.stride,
        window.padding,
        window.dilation,
        False,
        (0, 0),
        weight.shape[0],
        (inputs, not inputs, False),
    )
    gradient: Tensor = found[0 if inputs else 1]
    return gradient
