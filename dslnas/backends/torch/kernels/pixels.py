"""Images of some pixels of another, whose gradients are written once on CPUs.

torch takes an image apart axis by axis, and writes a gradient as large as the image for each.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from dslnas.backends.torch.kernels.once_differentiable import once_differentiable
from dslnas.backends.torch.kernels.window import Pair


def every(x: Tensor, step: Pair) -> Tensor:
    """Return the first of so many pixels (height, width) of images (B, C, H, W)."""
    result: Tensor = _Every.apply(x, step)  # type: ignore[no-untyped-call]
    return result


def shifted(x: Tensor, pixels: int) -> Tensor:
    """Return images (B, C, H, W) moved up and left; zeros come in."""
    result: Tensor = _Shifted.apply(x, pixels)  # type: ignore[no-untyped-call]
    return result


class _Every(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, step: Pair) -> Tensor:
        ctx.step, ctx.shape = step, x.shape
        return torch.clone(x[:, :, :: step[0], :: step[1]], memory_format=torch.channels_last)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        layout = torch.channels_last
        to_x = torch.empty(ctx.shape, dtype=gradient.dtype, memory_format=layout).zero_()
        to_x[:, :, :: ctx.step[0], :: ctx.step[1]] = gradient
        return to_x, None


class _Shifted(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, pixels: int) -> Tensor:
        ctx.pixels = pixels
        return _moved(x, pixels, back=False)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _moved(gradient, ctx.pixels, back=True), None


def _moved(x: Tensor, pixels: int, *, back: bool) -> Tensor:
    """Return images moved up and left, or back; zeros come in."""
    height, width = x.shape[2:]
    down, right = min(pixels, height), min(pixels, width)
    near = slice(0, height - down), slice(0, width - right)
    far = slice(down, height), slice(right, width)
    (rows, columns), (from_rows, from_columns) = (far, near) if back else (near, far)
    moved = torch.empty_like(x, memory_format=torch.channels_last)
    moved[:, :, rows, columns] = x[:, :, from_rows, from_columns]
    moved[:, :, slice(0, down) if back else slice(height - down, height)] = 0
    moved[..., slice(0, right) if back else slice(width - right, width)] = 0
    return moved
