"""Products of matrices whose pixels lie in a core's first cache, in tiles that registers hold.

A matrix lies in *panels* of as many columns as a tile has, so that it is read in order.
"""

from __future__ import annotations

from dslnas.backends.torch.kernels.jit import Places, Values, serial
from dslnas.backends.torch.kernels.simd_products import (
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
)


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
def lay_panels(
    panels: Values, matrix: Values, rows: int, columns: int, down: int, right: int, whole: int,
    lanes: int,
) -> None:  # fmt: skip
    """Lay a matrix as `multiply` reads it, in panels of columns, filled up to `whole` of them.

    Its value in row r and column c is matrix[r * down + c * right].
    """
    width = PANEL * lanes
    for low in range(0, columns, width):
        here = min(width, whole - low)
        for row in range(rows):
            to = panels[low * rows + row * here :]
            for column in range(min(here, columns - low)):
                to[column] = matrix[row * down + (low + column) * right]


@serial
def add_product(
    sums: Values, at: int, places: Places, width: int, x: Values, x_step: int, g: Values,
    step: int, count: int, rows: int, lanes: int,
) -> None:  # fmt: skip
    """Add to sums, (rows, width) at their places, the sum over `count` pixels of x times g.

    Rows are made in whole tiles, and what stands behind the channels of g is read with them: the
    caller leaves room, and never reads what comes of it.
    """
    panel = PANEL * lanes
    for low in range(0, width, panel):
        vectors, to = min(PANEL, (width - low) // lanes), at + low
        for row in range(0, rows, TILE):
            if vectors == 3:
                add_tile_3(sums, to, places, row, x, row, 1, x_step, count, g, low, step)
            elif vectors == 2:
                add_tile_2(sums, to, places, row, x, row, 1, x_step, count, g, low, step)
            else:
                add_tile_1(sums, to, places, row, x, row, 1, x_step, count, g, low, step)
