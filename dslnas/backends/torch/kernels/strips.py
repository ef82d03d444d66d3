"""Both convolutions of a separable one on a strip of pixels, which a core's first cache holds."""

from __future__ import annotations

from dslnas.backends.torch.kernels.jit import Places, Values, serial
from dslnas.backends.torch.kernels.scratch import Maps, MemberWindow, Scratch
from dslnas.backends.torch.kernels.separable_conv_args import ROWS, SeparableArgs
from dslnas.backends.torch.kernels.simd import (
    PANEL,
    TILE,
    add_tile_1,
    add_tile_2,
    add_tile_3,
    write_row_1,
    write_row_2,
    write_row_3,
    write_tile_1,
    write_tile_2,
    write_tile_3,
    write_window,
    write_windows,
)


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


@serial
def multiply(
    result: Values, at: int, places: Places, width: int, x: Values, step: int, count: int,
    inner: int, panels: Values, lanes: int,
) -> None:  # fmt: skip
    """Write the product of `count` rows, `step` apart, and a matrix, each row to its place.

    The matrix has `inner` rows of `width` and lies in panels. Its last columns come first: where a
    row of the result is shorter, what they write beyond it is written over.
    """
    panel = PANEL * lanes
    for low in range((width - 1) // panel * panel, -1, -panel):
        vectors, w_at, to = min(PANEL, (width - low) // lanes), low * inner, at + low
        row = 0
        while row < count:
            if count < TILE:
                _write_row(
                    vectors, result, to, places, row, x, row * step, step, inner, panels, w_at,
                    lanes,
                )  # fmt: skip
                row += 1
            else:  # the last tile begins where it fits, and makes some rows once more
                row = min(row, count - TILE)
                _write_tile(
                    vectors, result, to, places, row, x, row * step, step, inner, panels, w_at,
                    lanes,
                )  # fmt: skip
                row += TILE


@serial
def _write_tile(
    vectors: int, result: Values, at: int, places: Places, row: int, x: Values, x_at: int,
    step: int, inner: int, panels: Values, w_at: int, lanes: int,
) -> None:  # fmt: skip
    turn = vectors * lanes
    if vectors == 3:
        write_tile_3(result, at, places, row, x, x_at, step, 1, inner, panels, w_at, turn)
    elif vectors == 2:
        write_tile_2(result, at, places, row, x, x_at, step, 1, inner, panels, w_at, turn)
    else:
        write_tile_1(result, at, places, row, x, x_at, step, 1, inner, panels, w_at, turn)


@serial
def _write_row(
    vectors: int, result: Values, at: int, places: Places, row: int, x: Values, x_at: int,
    step: int, inner: int, panels: Values, w_at: int, lanes: int,
) -> None:  # fmt: skip
    turn = vectors * lanes
    if vectors == 3:
        write_row_3(result, at, places, row, x, x_at, step, 1, inner, panels, w_at, turn)
    elif vectors == 2:
        write_row_2(result, at, places, row, x, x_at, step, 1, inner, panels, w_at, turn)
    else:
        write_row_1(result, at, places, row, x, x_at, step, 1, inner, panels, w_at, turn)


@serial
def add_matrix(
    sums: Values, at: int, strip: Values, g: Values, step: int, count: int, a: SeparableArgs,
    maps: Maps,
) -> None:  # fmt: skip
    """Add to the gradient of a matrix what `count` pixels have: rows of `strip` times those of g.

    Args:
        sums: Gradient from `at` on, (channels, outs), filled up to whole blocks.
        at: Where it begins.
        strip: Pixels, filled up to whole blocks.
        g: Gradients of results, `step` apart; what stands behind their channels is never read.
        step: Channels of g.
        count: Pixels.
        a: Arguments of the loops.
        maps: Where things lie.
    """
    lanes, panel = maps.lanes, PANEL * maps.lanes
    for low in range(0, a.broad, panel):
        vectors, to = min(PANEL, (a.broad - low) // lanes), at + low
        for c in range(0, a.channels, TILE):
            if vectors == 3:
                add_tile_3(sums, to, maps.broad, c, strip, c, 1, a.wide, count, g, low, step)
            elif vectors == 2:
                add_tile_2(sums, to, maps.broad, c, strip, c, 1, a.wide, count, g, low, step)
            else:
                add_tile_1(sums, to, maps.broad, c, strip, c, 1, a.wide, count, g, low, step)
