"""Both convolutions of a separable one, forward, on a strip of pixels that a cache holds."""

from __future__ import annotations

from dslnas.backends.torch.kernels.jit import Places, Values, serial
from dslnas.backends.torch.kernels.scratch import Maps, MemberWindow, Sizes, round_up
from dslnas.backends.torch.kernels.separable_conv_args import ROWS
from dslnas.backends.torch.kernels.simd import PAIRED, write_outer, write_paired, write_windows


@serial
def multiply(
    result: Values, at: int, places: Places, width: int, count: int, left: Values, rows: Places,
    inner: int, right: Values, matrix: int, size: Sizes, maps: Maps,
) -> None:  # fmt: skip
    """Write the product of `count` rows and a matrix (inner, width), each row to its place.

    The matrix lies in panels of as many columns as a vector has lanes.
    """
    panel, pair = round_up(inner, ROWS) * size.lanes, 2 * size.lanes
    paired = width // pair * pair
    for low in range(0, paired, pair):
        column = matrix + low // size.lanes * panel
        for row in range(0, count, PAIRED):
            write_paired(
                result, at + low, places, row, left, 0, rows, row, maps.units, inner,
                right, column, maps.panel, panel,
            )  # fmt: skip
    for low in range(paired, width, size.lanes):
        column = matrix + low // size.lanes * panel
        for row in range(0, count, ROWS):
            write_outer(
                result, at + low, places, row, left, 0, rows, row, maps.units, inner,
                right, column, maps.panel, 0,
            )  # fmt: skip


@serial
def convolve(
    strip: Values, low: int, count: int, space: Values, window: MemberWindow, maps: Maps,
    weights: Values, at: int, size: Sizes,
) -> None:  # fmt: skip
    """Write the depthwise convolution of `count` pixels from `low` on."""
    for c in range(0, size.wide, size.lanes):
        for pixel in range(0, count, ROWS):
            write_windows(
                strip, c, maps.rows, pixel, space, c, maps.read, low + pixel,
                window.read, window.area, weights, at + c, maps.rows, 0,
            )  # fmt: skip
