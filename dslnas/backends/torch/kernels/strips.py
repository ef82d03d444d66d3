"""Windows of single channels that slide along a strip of pixels, forward and backward."""

from __future__ import annotations

from dslnas.backends.torch.kernels.jit import Places, Values, serial
from dslnas.backends.torch.kernels.scratch import Maps, MemberWindow, Scratch
from dslnas.backends.torch.kernels.separable_conv_args import ROWS, SeparableArgs
from dslnas.backends.torch.kernels.simd_windows import (
    add_turned_3,
    add_turned_5,
    add_window,
    add_windows,
    write_sliding_3,
    write_sliding_5,
    write_turned_3,
    write_turned_5,
    write_window,
    write_windows,
)


@serial
def convolve(
    low: int, high: int, k: int, a: SeparableArgs, maps: Maps, scratch: Scratch,
    window: MemberWindow,
) -> None:  # fmt: skip
    """Write the depthwise convolution of some pixels, whole rows, by a member to the strip."""
    kernel, strip, space = k * a.area * a.wide, scratch.strip, scratch.space
    kernels = scratch.kernels
    if a.stride_width == 1 and _slides(window, a.out_width):
        step, down = window.apart * a.wide, _down(window.read, window)
        for c in range(0, a.wide, maps.lanes):
            for block in range(low, high, ROWS * window.apart):
                for pixel in range(block, block + window.apart):
                    at, x_at = (pixel - low) * a.wide + c, maps.read[pixel] + window.read[0] + c
                    if window.columns == 3:
                        write_sliding_3(
                            strip, at, step, space, x_at, step, down, window.rows, kernels,
                            kernel + c, a.wide,
                        )  # fmt: skip
                    else:
                        write_sliding_5(
                            strip, at, step, space, x_at, step, down, window.rows, kernels,
                            kernel + c, a.wide,
                        )  # fmt: skip
        return
    _convolve_any(
        strip, high - low, True, space, maps.read[low:], window.read, window.area, kernels, kernel,
        maps, a.wide,
    )  # fmt: skip


@serial
def _slides(window: MemberWindow, width: int) -> bool:
    """Say whether rows of an image consist of blocks that a window can slide along."""
    known = window.columns == 3 or window.columns == 5
    return bool(known and width % (ROWS * window.apart) == 0)


@serial
def _down(places: Places, window: MemberWindow) -> int:
    """Return how far one row of a kernel lies behind the row before."""
    if window.rows == 1:
        return 0
    step: int = places[window.columns] - places[0]
    return step


@serial
def convolve_turned(
    low: int, high: int, k: int, is_first: bool, a: SeparableArgs, maps: Maps, scratch: Scratch,
    window: MemberWindow,
) -> None:  # fmt: skip
    """Write what reaches some pixels of the input through the first member, or add another's."""
    kernel, total, between = k * a.area * a.wide, scratch.total, scratch.between
    kernels = scratch.kernels
    if not _slides(window, a.width):
        _convolve_any(
            total[low * a.wide :], high - low, is_first, between, maps.own[low:], window.turned,
            window.area, kernels, kernel, maps, a.wide,
        )  # fmt: skip
        return
    step, down = window.apart * a.wide, _down(window.turned, window)
    for c in range(0, a.wide, maps.lanes):
        for block in range(low, high, ROWS * window.apart):
            for pixel in range(block, block + window.apart):
                at, x_at = pixel * a.wide + c, maps.own[pixel] + window.turned[0] + c
                _slide_turned(
                    total, at, step, between, x_at, down, kernels, kernel + c, a.wide, is_first,
                    window,
                )  # fmt: skip


@serial
def _slide_turned(
    total: Values, at: int, step: int, between: Values, x_at: int, down: int, kernels: Values,
    w_at: int, wide: int, is_first: bool, window: MemberWindow,
) -> None:  # fmt: skip
    rows = window.rows
    if window.columns == 3 and is_first:
        write_turned_3(total, at, step, between, x_at, step, down, rows, kernels, w_at, wide)
    elif window.columns == 3:
        add_turned_3(total, at, step, between, x_at, step, down, rows, kernels, w_at, wide)
    elif is_first:
        write_turned_5(total, at, step, between, x_at, step, down, rows, kernels, w_at, wide)
    else:
        add_turned_5(total, at, step, between, x_at, step, down, rows, kernels, w_at, wide)


@serial
def _convolve_any(
    result: Values, count: int, is_first: bool, x: Values, pixels: Places, places: Places,
    area: int, kernels: Values, kernel: int, maps: Maps, wide: int,
) -> None:  # fmt: skip
    """Write, or add, what a window of any kind gives for `count` pixels, one after the other."""
    blocks = count // ROWS * ROWS
    for c in range(0, wide, maps.lanes):
        for pixel in range(0, blocks, ROWS):
            if is_first:
                write_windows(
                    result, c, maps.rows, pixel, x, c, pixels, pixel,
                    places, area, kernels, kernel + c, maps.rows,
                )  # fmt: skip
            else:
                add_windows(
                    result, c, maps.rows, pixel, x, c, pixels, pixel,
                    places, area, kernels, kernel + c, maps.rows,
                )  # fmt: skip
        for pixel in range(blocks, count):
            if is_first:
                write_window(
                    result, c, maps.rows, pixel, x, c, pixels, pixel,
                    places, area, kernels, kernel + c, maps.rows,
                )  # fmt: skip
            else:
                add_window(
                    result, c, maps.rows, pixel, x, c, pixels, pixel,
                    places, area, kernels, kernel + c, maps.rows,
                )  # fmt: skip
