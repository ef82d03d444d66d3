"""Tiles of products of matrices, in vectors."""

from __future__ import annotations

from collections.abc import Callable

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from dslnas.backends.torch.kernels.jit import Untyped
from dslnas.backends.torch.kernels.separable_conv_args import ROWS
from dslnas.backends.torch.kernels.vectors import BYTES, Code, pointers

TILE, PANEL = ROWS if BYTES == 64 else ROWS // 2, 3
"""Rows of a product of matrices that are made together, and vectors of each, in registers."""


def _products(rows: int, columns: int, *, fresh: bool = False) -> Callable[..., None]:
    """Return a function that adds a product of matrices to a tile of them, or writes it.

    The function takes (sums, at, places, place, x, x_at, step, turn, count, w, w_at, w_turn):

        sums[at + places[place + i] + v lanes] += sum over t < count of
            x[x_at + i * step + t * turn] * w[w_at + t * w_turn + v lanes]
                for i < rows, v < columns

    where sums and w stand for the vectors that start there, and x for a number. With `fresh` it is
    = in place of +=.
    """

    @intrinsic  # type: ignore[untyped-decorator]
    def product_of_matrices(
        typing: Untyped, sums: Untyped, at: Untyped, places: Untyped, place: Untyped, x: Untyped,
        x_at: Untyped, step: Untyped, turn: Untyped, count: Untyped, w: Untyped, w_at: Untyped,
        w_turn: Untyped,
    ) -> Untyped:  # fmt: skip
        n = types.intp

        def write(
            context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
        ) -> Untyped:
            given = pointers(context, builder, signature.args, arguments)
            _write_products(Code(builder, sums), rows, columns, given, fresh=fresh)
            return context.get_dummy_value()

        return types.void(sums, n, places, n, x, n, n, n, n, w, n, n), write

    compiled: Callable[..., None] = product_of_matrices
    return compiled


def _write_products(code: Code, rows: int, columns: int, given: Untyped, *, fresh: bool) -> None:
    sums, at, places, place, x, x_at, step, turn, count, w, w_at, w_turn = given
    builder, word, lanes = code.builder, at.type, code.vector.count
    totals, results, starts = [], [], []
    for i in range(rows):
        result = builder.add(at, code.place(places, builder.add(place, word(i))))
        starts.append(builder.add(x_at, builder.mul(step, word(i))))
        for v in range(columns):
            results.append(builder.add(result, word(v * lanes)))
            totals.append(code.total(code.zeros if fresh else code.load(sums, results[-1])))
    with cgutils.for_range(builder, count) as loop:
        here = builder.add(w_at, builder.mul(loop.index, w_turn))
        vectors = [code.load(w, builder.add(here, word(v * lanes))) for v in range(columns)]
        moved = builder.gep(x, [builder.mul(loop.index, turn)])
        for i, start in enumerate(starts):
            value = code.spread(builder.load(builder.gep(moved, [start]), typ=code.number))
            for total, vector in zip(totals[i * columns :], vectors, strict=False):
                code.add(total, value, vector)
    for total, result in zip(totals, results, strict=True):
        code.store(code.of(total), sums, result)


write_tile_1 = _products(TILE, 1, fresh=True)
write_tile_2 = _products(TILE, 2, fresh=True)
write_tile_3 = _products(TILE, 3, fresh=True)
write_row_1 = _products(1, 1, fresh=True)
write_row_2 = _products(1, 2, fresh=True)
write_row_3 = _products(1, 3, fresh=True)
add_tile_1 = _products(TILE, 1)
add_tile_2 = _products(TILE, 2)
add_tile_3 = _products(TILE, 3)
