"""Vectors in registers: what loops over channels need to run at full speed.

A compiler keeps totals that a loop adds to in memory unless it can see how many there are, and asks
of every array whether it overlaps another. Here totals, each a vector of as many neighbouring
values as a register holds, stay in registers until all is added. Imports numba: only import it to
run a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from dslnas.backends.torch.kernels.jit import Untyped
from dslnas.backends.torch.kernels.separable_conv_args import PLACES, ROWS

BYTES = 64 if binding.get_host_cpu_features().get("avx512f") else 32
"""Bytes of a vector."""

LINE = 64
"""Bytes that a cache takes at a time."""

QUARTET = 4
"""Pixels that add to the gradient of a kernel together."""

TILE, PANEL = ROWS if BYTES == 64 else ROWS // 2, 3
"""Rows of a product of matrices that are made together, and vectors of each, in registers."""


class _Code:
    """Code for vectors of numbers of the type that an array has."""

    def __init__(self, builder: Untyped, array: Untyped) -> None:
        self.builder = builder
        is_single = array.dtype.bitwidth == 32
        self.number = ir.FloatType() if is_single else ir.DoubleType()
        self.vector = ir.VectorType(self.number, BYTES // (4 if is_single else 8))
        self.zeros = ir.Constant(self.vector, [0.0] * self.vector.count)

    def _there(self, pointer: Untyped, index: Untyped) -> Untyped:
        return self.builder.bitcast(self.builder.gep(pointer, [index]), self.vector.as_pointer())

    def load(self, pointer: Untyped, index: Untyped) -> Untyped:
        align = BYTES // self.vector.count
        return self.builder.load(self._there(pointer, index), align=align, typ=self.vector)

    def store(self, value: Untyped, pointer: Untyped, index: Untyped) -> None:
        align = BYTES // self.vector.count
        self.builder.store(value, self._there(pointer, index), align=align)

    def spread(self, value: Untyped) -> Untyped:
        """Return a vector of one value."""
        nothing = ir.Constant(self.vector, ir.Undefined)
        one = self.builder.insert_element(nothing, value, ir.IntType(32)(0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), self.vector.count), None)
        return self.builder.shuffle_vector(one, nothing, order)

    def place(self, places: Untyped, index: Untyped) -> Untyped:
        """Return one of the places that an array has."""
        return self.builder.load(self.builder.gep(places, [index]), align=8, typ=index.type)

    def total(self, start: Untyped) -> Untyped:
        """Return a variable, which becomes a register."""
        total = cgutils.alloca_once(self.builder, self.vector)
        self.builder.store(start, total)
        return total

    def of(self, total: Untyped) -> Untyped:
        """Return the value of a variable."""
        return self.builder.load(total, typ=self.vector)

    def add(self, total: Untyped, left: Untyped, right: Untyped | None = None) -> None:
        """Add a vector, or the product of two, to a variable."""
        value = left if right is None else self.product(left, right)
        self.builder.store(self.sum(self.of(total), value), total)

    # A product and a sum may become one step; nothing else about the order of a sum may change.
    def product(self, left: Untyped, right: Untyped) -> Untyped:
        return self.builder.fmul(left, right, flags=("contract",))

    def sum(self, left: Untyped, right: Untyped) -> Untyped:
        return self.builder.fadd(left, right, flags=("contract",))

    def unless_negative(self, x: Untyped) -> Untyped:
        """Return zeros in place of negative numbers."""
        return self.builder.select(self.builder.fcmp_ordered("<", x, self.zeros), self.zeros, x)

    def where_positive(self, x: Untyped, value: Untyped) -> Untyped:
        """Return a value where x is above zero, and zeros elsewhere."""
        return self.builder.select(self.builder.fcmp_ordered(">", x, self.zeros), value, self.zeros)


def _pointers(
    context: Untyped, builder: Untyped, kinds: Sequence[Untyped], values: Sequence[Untyped]
) -> list[Untyped]:
    """Return arguments with addresses in place of arrays."""
    return [
        context.make_array(kind)(context, builder, value).data
        if isinstance(kind, types.Array)
        else value
        for kind, value in zip(kinds, values, strict=True)
    ]


def _sums(rows: int, *, fresh: bool = False) -> Callable[..., None]:
    """Return a function that adds products to `rows` totals, or writes their sums.

    The function takes (sums, at, places, place, x, x_at, offsets, first, turns, count, w, w_at,
    w_turns):

        sums[at + places[place + i]] += sum over t < count of
            x[x_at + offsets[first + i] + turns[t]] * w[w_at + w_turns[t]]    for i < rows

    where all stand for the vectors that start there. With `fresh` it is = in place of +=. All are
    arrays of one dimension; those that say where something lies are of int64.
    """

    @intrinsic  # type: ignore[untyped-decorator]
    def sums_of_products(
        typing: Untyped, sums: Untyped, at: Untyped, places: Untyped, place: Untyped,
        x: Untyped, x_at: Untyped, offsets: Untyped, first: Untyped, turns: Untyped,
        count: Untyped, w: Untyped, w_at: Untyped, w_turns: Untyped,
    ) -> Untyped:  # fmt: skip
        n = types.intp
        taken = sums, n, places, n, x, n, offsets, n, turns, n, w, n, w_turns

        def code(
            context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
        ) -> Untyped:
            given = _pointers(context, builder, signature.args, arguments)
            _write_sums(_Code(builder, sums), rows, given, fresh=fresh)
            return context.get_dummy_value()

        return types.void(*taken), code

    compiled: Callable[..., None] = sums_of_products
    return compiled


def _write_sums(code: _Code, rows: int, given: Untyped, *, fresh: bool) -> None:
    sums, at, places, place, x, x_at, offsets, first, turns, count, w, w_at, w_turns = given
    builder, word = code.builder, at.type
    totals, results, starts = [], [], []
    for i in range(rows):
        results.append(builder.add(at, code.place(places, builder.add(place, word(i)))))
        starts.append(code.place(offsets, builder.add(first, word(i))))
        totals.append(code.total(code.zeros if fresh else code.load(sums, results[-1])))
    with cgutils.for_range(builder, count) as loop:
        turn = builder.add(x_at, code.place(turns, loop.index))
        moved = builder.gep(x, [turn])  # apart, so that addresses of rows need no sums of their own
        scale = code.load(w, builder.add(w_at, code.place(w_turns, loop.index)))
        for total, start in zip(totals, starts, strict=True):
            code.add(total, code.load(moved, start), scale)
    for total, result in zip(totals, results, strict=True):
        code.store(code.of(total), sums, result)


def _sliding(taps: int, *, forward: bool, fresh: bool = False) -> Callable[..., None]:
    """Return a function that slides a window of so many columns along `ROWS` equidistant pixels.

    Neighbours read the same values, each of which is loaded once. The function takes (sums, at, to,
    x, x_at, step, down, count, w, w_at, w_turn):

        sums[at + i * to] += sum over r < count, t < taps of
            x[x_at + r * down + (i + t) * step] * w[w_at + (r * taps + t) * w_turn]    for i < ROWS

    where all stand for the vectors that start there; without `forward` i - t is in place of i + t.
    With `fresh` it is = in place of +=.
    """

    @intrinsic  # type: ignore[untyped-decorator]
    def slide(
        typing: Untyped, sums: Untyped, at: Untyped, to: Untyped, x: Untyped, x_at: Untyped,
        step: Untyped, down: Untyped, count: Untyped, w: Untyped, w_at: Untyped, w_turn: Untyped,
    ) -> Untyped:  # fmt: skip
        n = types.intp

        def write(
            context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
        ) -> Untyped:
            given = _pointers(context, builder, signature.args, arguments)
            _write_sliding(_Code(builder, sums), taps, given, forward=forward, fresh=fresh)
            return context.get_dummy_value()

        return types.void(sums, n, n, x, n, n, n, n, w, n, n), write

    compiled: Callable[..., None] = slide
    return compiled


def _write_sliding(code: _Code, taps: int, given: Untyped, *, forward: bool, fresh: bool) -> None:
    sums, at, to, x, x_at, step, down, count, w, w_at, w_turn = given
    builder, word, sign = code.builder, at.type, 1 if forward else -1
    results = [builder.add(at, builder.mul(to, word(i))) for i in range(ROWS)]
    totals = [code.total(code.zeros if fresh else code.load(sums, there)) for there in results]
    # in this order every total gets its taps one after the other
    reached = sorted({i + sign * t for i in range(ROWS) for t in range(taps)})[::sign]
    with cgutils.for_range(builder, count) as row:
        start = builder.add(x_at, builder.mul(row.index, down))
        first = builder.mul(row.index, word(taps))
        scales = [
            code.load(w, builder.add(w_at, builder.mul(builder.add(first, word(t)), w_turn)))
            for t in range(taps)
        ]
        for place in reached:
            value = code.load(x, builder.add(start, builder.mul(step, word(place))))
            for t, scale in enumerate(scales):
                if 0 <= place - sign * t < ROWS:
                    code.add(totals[place - sign * t], value, scale)
    for total, there in zip(totals, results, strict=True):
        code.store(code.of(total), sums, there)


@intrinsic  # type: ignore[untyped-decorator]
def add_kernel_3(
    typing: Untyped, sums: Untyped, at: Untyped, to: Untyped, x: Untyped, x_at: Untyped,
    step: Untyped, down: Untyped, e: Untyped, e_at: Untyped, count: Untyped,
) -> Untyped:  # fmt: skip
    """Add to the gradient of a kernel of 3 x 3 what `count` equidistant pixels have.

    Every value that windows share is loaded once; `count` is a multiple of `QUARTET`:

        sums[at + (r * 3 + t) * to] += sum over i < count of
            x[x_at + r * down + (i + t) * step] * e[e_at + i * step]    for r < 3, t < 3

    where all stand for the vectors that start there.
    """
    n = types.intp

    def write(
        context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
    ) -> Untyped:
        given = _pointers(context, builder, signature.args, arguments)
        _write_kernel(_Code(builder, signature.args[0]), given)
        return context.get_dummy_value()

    return types.void(sums, n, n, x, n, n, n, e, n, n), write


def _write_kernel(code: _Code, given: Untyped) -> None:
    sums, at, to, x, x_at, step, down, e, e_at, count = given
    builder, word = code.builder, at.type
    results = [builder.add(at, builder.mul(to, word(place))) for place in range(9)]
    totals = [code.total(code.load(sums, result)) for result in results]
    with cgutils.for_range(builder, builder.udiv(count, word(QUARTET))) as loop:
        moved = builder.mul(builder.mul(loop.index, word(QUARTET)), step)
        here = [builder.add(moved, builder.mul(step, word(i))) for i in range(QUARTET + 2)]
        given = [code.load(e, builder.add(e_at, here[i])) for i in range(QUARTET)]
        for r in range(3):
            start = builder.add(x_at, builder.mul(down, word(r)))
            for place, along in enumerate(here):
                value = code.load(x, builder.add(start, along))
                for t in range(3):
                    if 0 <= place - t < QUARTET:
                        code.add(totals[3 * r + t], value, given[place - t])
    for total, result in zip(totals, results, strict=True):
        code.store(code.of(total), sums, result)


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
            given = _pointers(context, builder, signature.args, arguments)
            _write_products(_Code(builder, sums), rows, columns, given, fresh=fresh)
            return context.get_dummy_value()

        return types.void(sums, n, places, n, x, n, n, n, n, w, n, n), write

    compiled: Callable[..., None] = product_of_matrices
    return compiled


def _write_products(code: _Code, rows: int, columns: int, given: Untyped, *, fresh: bool) -> None:
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


def _laying(*, normalise: bool, relu: bool) -> Callable[..., None]:
    """Return a function that lays pixels of an image, `blocks` vectors each, into a space.

    The function takes (space, places, count, blocks, x, x_at, step, rows, slope, offset):

        space[places[t] + v lanes] = f(x[x_at + t * step + v lanes])    for t < count, v < blocks

    where f is y -> rows[slope + v lanes] * y + rows[offset + v lanes], or y -> y, and with `relu`
    what of it is not negative.
    """

    @intrinsic  # type: ignore[untyped-decorator]
    def lay(
        typing: Untyped, space: Untyped, places: Untyped, count: Untyped, blocks: Untyped,
        x: Untyped, x_at: Untyped, step: Untyped, rows: Untyped, slope: Untyped, offset: Untyped,
    ) -> Untyped:  # fmt: skip
        n = types.intp

        def write(
            context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
        ) -> Untyped:
            given = _pointers(context, builder, signature.args, arguments)
            _write_laying(_Code(builder, space), given, normalise=normalise, relu=relu)
            return context.get_dummy_value()

        return types.void(space, places, n, n, x, n, n, rows, n, n), write

    compiled: Callable[..., None] = lay
    return compiled


def _write_laying(code: _Code, given: Untyped, *, normalise: bool, relu: bool) -> None:
    space, places, count, blocks, x, x_at, step, rows, slope, offset = given
    builder, lanes = code.builder, x_at.type(code.vector.count)
    with cgutils.for_range(builder, count) as pixel:
        here = builder.add(x_at, builder.mul(pixel.index, step))
        there = code.place(places, pixel.index)
        with cgutils.for_range(builder, blocks) as block:
            along = builder.mul(block.index, lanes)
            value = code.load(x, builder.add(here, along))
            if normalise:
                factor = code.load(rows, builder.add(slope, along))
                shift = code.load(rows, builder.add(offset, along))
                value = code.sum(code.product(value, factor), shift)
            if relu:
                value = code.unless_negative(value)
            code.store(value, space, builder.add(there, along))


def _taking(*, normalise: bool, relu: bool) -> Callable[..., None]:
    """Return a function that takes the gradient of an image to what was laid into a space.

    The function takes (result, r_at, r_step, total, t_at, t_step, count, space, s_at, places, x,
    rows, mean, sums, first, second), and with the gradient g[t] = total[t_at + t * t_step], which
    with `relu` is 0 where space[s_at + places[t]] is not above 0:

        result[r_at + t * r_step] = g[t]    for t < count

    and with `normalise`, where x lies as the result does,

        sums[first] += sum over t of g[t]
        sums[second] += sum over t of g[t] * (x[r_at + t * r_step] - rows[mean])
    """

    @intrinsic  # type: ignore[untyped-decorator]
    def take(
        typing: Untyped, result: Untyped, r_at: Untyped, r_step: Untyped, total: Untyped,
        t_at: Untyped, t_step: Untyped, count: Untyped, space: Untyped, s_at: Untyped,
        places: Untyped, x: Untyped, rows: Untyped, mean: Untyped, sums: Untyped,
        first: Untyped, second: Untyped,
    ) -> Untyped:  # fmt: skip
        n = types.intp
        taken = result, n, n, total, n, n, n, space, n, places, x, rows, n, sums, n, n

        def write(
            context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
        ) -> Untyped:
            given = _pointers(context, builder, signature.args, arguments)
            _write_taking(_Code(builder, result), given, normalise=normalise, relu=relu)
            return context.get_dummy_value()

        return types.void(*taken), write

    compiled: Callable[..., None] = take
    return compiled


def _write_taking(code: _Code, given: Untyped, *, normalise: bool, relu: bool) -> None:
    (result, r_at, r_step, total, t_at, t_step, count, space, s_at, places, x, rows, mean, sums,
     first, second) = given  # fmt: skip
    builder = code.builder
    center = code.load(rows, mean)
    added = code.total(code.load(sums, first)), code.total(code.load(sums, second))
    with cgutils.for_range(builder, count) as loop:
        value = code.load(total, builder.add(t_at, builder.mul(loop.index, t_step)))
        if relu:
            at = builder.add(s_at, code.place(places, loop.index))
            value = code.where_positive(code.load(space, at), value)
        here = builder.add(r_at, builder.mul(loop.index, r_step))
        if normalise:
            code.add(added[0], value)
            code.add(added[1], value, builder.fsub(code.load(x, here), center))
        code.store(value, result, here)
    code.store(code.of(added[0]), sums, first)
    code.store(code.of(added[1]), sums, second)


@intrinsic  # type: ignore[untyped-decorator]
def prefetch(typing: Untyped, x: Untyped, at: Untyped, count: Untyped) -> Untyped:
    """Bring `count` values from x[at] on nearer, while something else is computed."""

    def code(context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped) -> Untyped:
        x, at, count = _pointers(context, builder, signature.args, arguments)
        size, word, i32 = signature.args[0].dtype.bitwidth // 8, at.type, ir.IntType(32)
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, i32, i32, i32])
        hint = builder.module.declare_intrinsic("llvm.prefetch", (byte,), kind)
        lines = builder.udiv(builder.mul(count, word(size)), word(LINE))
        start = builder.bitcast(builder.gep(x, [at]), byte)
        with cgutils.for_range(builder, lines) as loop:
            there = builder.gep(start, [builder.mul(loop.index, word(LINE))])
            builder.call(hint, [there, i32(0), i32(3), i32(1)])  # to read, into the second cache
        return context.get_dummy_value()

    return types.void(x, types.intp, types.intp), code


write_windows = _sums(ROWS, fresh=True)
write_window = _sums(1, fresh=True)
add_windows = _sums(ROWS)
add_window = _sums(1)
add_places = _sums(PLACES)
write_sliding_3 = _sliding(3, forward=True, fresh=True)
write_sliding_5 = _sliding(5, forward=True, fresh=True)
write_turned_3 = _sliding(3, forward=False, fresh=True)
write_turned_5 = _sliding(5, forward=False, fresh=True)
add_turned_3 = _sliding(3, forward=False)
add_turned_5 = _sliding(5, forward=False)
write_tile_1 = _products(TILE, 1, fresh=True)
write_tile_2 = _products(TILE, 2, fresh=True)
write_tile_3 = _products(TILE, 3, fresh=True)
write_row_1 = _products(1, 1, fresh=True)
write_row_2 = _products(1, 2, fresh=True)
write_row_3 = _products(1, 3, fresh=True)
add_tile_1 = _products(TILE, 1)
add_tile_2 = _products(TILE, 2)
add_tile_3 = _products(TILE, 3)
lay = _laying(normalise=False, relu=False)
lay_relu = _laying(normalise=False, relu=True)
lay_norm = _laying(normalise=True, relu=False)
lay_norm_relu = _laying(normalise=True, relu=True)
take = _taking(normalise=False, relu=False)
take_relu = _taking(normalise=False, relu=True)
take_norm = _taking(normalise=True, relu=False)
take_norm_relu = _taking(normalise=True, relu=True)
