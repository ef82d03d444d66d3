"""The depthwise part of a separable convolution on a strip of pixels."""

from __future__ import annotations

from dslnas.backends.torch.kernels.jit import serial
from dslnas.backends.torch.kernels.scratch import Maps, MemberWindow, Scratch
from dslnas.backends.torch.kernels.separable_conv_args import ROWS, SeparableArgs
from dslnas.backends.torch.kernels.simd import write_window, write_windows


@serial
def convolve(
    low: int, high: int, k: int, a: SeparableArgs, maps: Maps, scratch: Scratch,
    window: MemberWindow,
) -> None:  # fmt: skip
    """Write the depthwise convolution of some pixels by a member to the strip."""
    kernel, blocks = k * a.area * a.wide, (high - low) // ROWS * ROWS
    strip, space, read = scratch.strip, scratch.space, maps.read[low:]
    for c in range(0, a.wide, maps.lanes):
        for pixel in range(0, blocks, ROWS):
            write_windows(
                strip, c, maps.rows, pixel, space, c, read, pixel,
                window.read, window.area, scratch.kernels, kernel + c, maps.rows,
            )  # fmt: skip
        for pixel in range(blocks, high - low):
            write_window(
                strip, c, maps.rows, pixel, space, c, read, pixel,
                window.read, window.area, scratch.kernels, kernel + c, maps.rows,
            )  # fmt: skip
