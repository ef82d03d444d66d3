"""Products of matrices whose pixels lie in a core's first cache, in tiles that registers hold.

A matrix lies in *panels* of as many columns as a tile has, so that it is read in order.
"""

from __future__ import annotations

from dslnas.backends.torch.kernels.jit import Places, Values, serial
from dslnas.backends.torch.kernels.simd_pixels import prefetch, prefetch_target
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
def turns_of(count: int, width: int, lanes: int) -> int:
    """Return in how many turns `multiply` makes so many rows of so many values."""
    return (width + PANEL * lanes - 1) // (PANEL * lanes) * _tiles(count)


@serial
def _tiles(count: int) -> int:
    return count if count < TILE else (count + TILE - 1) // TILE


@serial
def multiply(
    turn: int, result: Values, at: int, places: Places, width: int, x: Values, step: int,
    count: int, inner: int, panels: Values, lanes: int,
) -> None:  # fmt: skip
    """Write one tile of the product of `count` rows, `step` apart, and a matrix, to their places.

    The matrix has `inner` rows of `width` and lies in panels. Its last columns come first: where a
    row of the result is shorter, what they write beyond it is written over.
    """
    tiles, panel = _tiles(count), PANEL * lanes
    low = (width - 1) // panel * panel - turn // tiles * panel
    vectors, w_at, to, row = min(PANEL, (width - low) // lanes), low * inner, at + low, turn % tiles
    if count < TILE:
        _write_row(
            vectors, result, to, places, row, x, row * step, step, inner, panels, w_at, lanes
        )
    else:  # the last tile begins where it fits, and makes some rows once more
        row = min(row * TILE, count - TILE)
        _write_tile(
            vectors, result, to, places, row, x, row * step, step, inner, panels, w_at, lanes
        )


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
def sums_of(rows: int, width: int, lanes: int) -> int:
    """Return in how many turns `add_product` adds so many rows of so many values."""
    return (width + PANEL * lanes - 1) // (PANEL * lanes) * ((rows + TILE - 1) // TILE)


@serial
def add_product(
    turn: int, sums: Values, at: int, places: Places, width: int, x: Values, x_step: int,
    g: Values, step: int, count: int, rows: int, lanes: int,
) -> None:  # fmt: skip
    """Add to one tile of sums, (rows, width) at their places, x times g of `count` pixels.

    Rows are made in whole tiles, and what stands behind the channels of g is read with them: the
    caller leaves room, and never reads what comes of it.
    """
    tiles = (rows + TILE - 1) // TILE
    low, row = turn // tiles * PANEL * lanes, turn % tiles * TILE
    vectors, to = min(PANEL, (width - low) // lanes), at + low
    if vectors == 3:
        add_tile_3(sums, to, places, row, x, row, 1, x_step, count, g, low, step)
    elif vectors == 2:
        add_tile_2(sums, to, places, row, x, row, 1, x_step, count, g, low, step)
    else:
        add_tile_1(sums, to, places, row, x, row, 1, x_step, count, g, low, step)


@serial
def fetch(turn: int, turns: int, x: Values, at: int, count: int) -> None:
    """Bring a share of `count` values from x[at] on nearer: one of those that so many turns have.

    A core waits for a few lines of a cache at a time. Asked for all at once, it computes nothing.
    """
    share = count // turns + 1
    prefetch(x, at + turn * share, share)


@serial
def fetch_target(turn: int, turns: int, x: Values, at: int, count: int) -> None:
    """Do the same for values that will be written."""
    share = count // turns + 1
    prefetch_target(x, at + turn * share, share)
