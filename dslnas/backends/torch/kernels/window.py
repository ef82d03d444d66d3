"""A window that moves over images, as data."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Size

from dslnas.backends.torch.kernels.compiled import Told

Pair = tuple[int, int]
"""(height, width)."""


@dataclass(frozen=True)
class Window:
    """Kernel size, stride, padding on each side, and dilation; each (height, width)."""

    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair

    def output(self, height: int, width: int) -> Pair:
        """Return the size of what a window gives on an image of this size."""
        high, wide = (
            (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
            for size, kernel, stride, padding, dilation in zip(
                (height, width), self.kernel, self.stride, self.padding, self.dilation, strict=True
            )
        )
        return high, wide


def told_of(window: Window, inputs: Size, outputs: Size, dtype: torch.dtype) -> Told:
    """Return what a compiled loop is told of a window and of the shapes (B, C, H, W) around it."""
    return Told(
        "windows",
        dtype,
        {
            "batch": inputs[0],
            "channels": inputs[1],
            "height": inputs[2],
            "width": inputs[3],
            "out_height": outputs[2],
            "out_width": outputs[3],
            "kernel_height": window.kernel[0],
            "kernel_width": window.kernel[1],
            "stride_height": window.stride[0],
            "stride_width": window.stride[1],
            "padding_height": window.padding[0],
            "padding_width": window.padding[1],
            "dilation_height": window.dilation[0],
            "dilation_width": window.dilation[1],
        },
    )
