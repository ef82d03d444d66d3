"""Sums of products in vector registers: what loops over few channels need to run at full speed.

A compiler keeps totals that a loop adds to in memory unless it can see how many there are. Here
some totals, each a vector of as many neighbouring values as a register of 32 bytes holds, stay in
registers until all products are added. Imports numba: only import it to run a loop.
"""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from dslnas.backends.torch.kernels.jit import Untyped
from dslnas.backends.torch.kernels.separable_conv_args import PLACES, ROWS

PAIRED = ROWS // 2
"""Rows that are summed up together where two vectors lie side by side: a value is read for both."""

BYTES = 32
"""Bytes of a vector."""


def _sums(
    rows: int, columns: int = 1, *, broadcast: bool = False, fresh: bool = False
) -> Callable[..., None]:
    """Return a function that adds products to `rows` times `columns` totals, or writes their sums.

    The function takes (sums, at, places, place, x, x_at, offsets, first, turns, count, w, w_at,
    w_turns, apart):

        sums[at + places[place + i] + v lanes] += sum over t < count of
            x[x_at + offsets[first + i] + turns[t]] * w[w_at + w_turns[t] + v apart]
                for i < rows, v < columns

    where sums and w stand for the vectors of so many lanes that start there, and x for the vector,
    or with `broadcast` for the one value. With `fresh` it is = in place of +=. All are arrays of
    one dimension; those that say where something lies are of int64.
    """

    @intrinsic  # type: ignore[untyped-decorator]
    def sums_of_products(
        typing: Untyped, sums: Untyped, at: Untyped, places: Untyped, place: Untyped,
        x: Untyped, x_at: Untyped, offsets: Untyped, first: Untyped, turns: Untyped,
        count: Untyped, w: Untyped, w_at: Untyped, w_turns: Untyped, apart: Untyped,
    ) -> Untyped:  # fmt: skip
        n = types.intp
        taken = sums, n, places, n, x, n, offsets, n, turns, n, w, n, w_turns, n

        def code(
            context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
        ) -> Untyped:
            given = [
                context.make_array(kind)(context, builder, value).data
                if isinstance(kind, types.Array)
                else value
                for kind, value in zip(signature.args, arguments, strict=True)
            ]
            width = sums.dtype.bitwidth // 8
            _write(builder, width, (rows, columns), given, broadcast=broadcast, fresh=fresh)
            return context.get_dummy_value()

        return types.void(*taken), code

    compiled: Callable[..., None] = sums_of_products
    return compiled


def _write(
    builder: Untyped,
    width: int,
    size: tuple[int, int],
    given: Untyped,
    *,
    broadcast: bool,
    fresh: bool,
) -> None:
    """Write the code of `_sums` for numbers of `width` bytes."""
    sums, at, places, place, x, x_at, offsets, first, turns, count, w, w_at, w_turns, apart = given
    number = ir.FloatType() if width == 4 else ir.DoubleType()
    lanes, word = BYTES // width, at.type
    vector = ir.VectorType(number, lanes)

    def there(pointer: Untyped, index: Untyped, kind: Untyped) -> Untyped:
        return builder.bitcast(builder.gep(pointer, [index]), kind.as_pointer())

    def load(pointer: Untyped, index: Untyped, kind: Untyped) -> Untyped:
        return builder.load(there(pointer, index, kind), align=width, typ=kind)

    totals, results, starts = [], [], []
    for i in range(size[0]):
        result = builder.add(at, load(places, builder.add(place, word(i)), word))
        starts.append(load(offsets, builder.add(first, word(i)), word))
        for column in range(size[1]):
            totals.append(cgutils.alloca_once(builder, vector))
            results.append(builder.add(result, word(column * lanes)))
            begin = ir.Constant(vector, [0.0] * lanes)
            builder.store(begin if fresh else load(sums, results[-1], vector), totals[-1])
    with cgutils.for_range(builder, count) as loop:
        turn = builder.add(x_at, load(turns, loop.index, word))
        moved = builder.gep(x, [turn])  # apart, so that addresses of rows need no sums of their own
        here = builder.add(w_at, load(w_turns, loop.index, word))
        columns = [builder.add(here, builder.mul(apart, word(c))) for c in range(size[1])]
        scales = [load(w, column, vector) for column in columns]
        for i, start in enumerate(starts):
            read = load(moved, start, number if broadcast else vector)
            read = _broadcast(builder, read, vector) if broadcast else read
            for total, scale in zip(totals[i * size[1] :], scales, strict=False):
                # these may become one step; nothing else about the order of a sum may change
                product = builder.fmul(read, scale, flags=("contract",))
                old = builder.load(total, typ=vector)
                builder.store(builder.fadd(old, product, flags=("contract",)), total)
    for total, result in zip(totals, results, strict=True):
        builder.store(builder.load(total, typ=vector), there(sums, result, vector), align=width)


def _broadcast(builder: Untyped, value: Untyped, vector: Untyped) -> Untyped:
    """Return a vector of one value."""
    nothing = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(nothing, value, ir.IntType(32)(0))
    order = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(one, nothing, order)


write_windows = _sums(ROWS, fresh=True)
add_windows = _sums(ROWS)
add_places = _sums(PLACES)
write_outer = _sums(ROWS, broadcast=True, fresh=True)
add_outer = _sums(ROWS, broadcast=True)
write_paired = _sums(PAIRED, 2, broadcast=True, fresh=True)
add_paired = _sums(PAIRED, 2, broadcast=True)
