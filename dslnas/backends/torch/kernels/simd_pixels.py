"""Pixels that are laid into a space and taken from it, in vectors, and fetched before that."""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from dslnas.backends.torch.kernels.jit import Untyped
from dslnas.backends.torch.kernels.vectors import Code, pointers

LINE = 64
"""Bytes that a cache takes at a time."""

APART = 4
"""Sums of moments that grow side by side: each waits for its last summand."""

SECOND = 2
"""Where they are brought to: the second cache."""


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
            given = pointers(context, builder, signature.args, arguments)
            _write_laying(Code(builder, space), given, normalise=normalise, relu=relu)
            return context.get_dummy_value()

        return types.void(space, places, n, n, x, n, n, rows, n, n), write

    compiled: Callable[..., None] = lay
    return compiled


def _write_laying(code: Code, given: Untyped, *, normalise: bool, relu: bool) -> None:
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
            given = pointers(context, builder, signature.args, arguments)
            _write_taking(Code(builder, result), given, normalise=normalise, relu=relu)
            return context.get_dummy_value()

        return types.void(*taken), write

    compiled: Callable[..., None] = take
    return compiled


def _write_taking(code: Code, given: Untyped, *, normalise: bool, relu: bool) -> None:
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
def sum_up(
    typing: Untyped, sums: Untyped, first: Untyped, second: Untyped, x: Untyped, x_at: Untyped,
    step: Untyped, count: Untyped,
) -> Untyped:  # fmt: skip
    """Sum up how far pixels are from the first of them, and the squares of that.

        sums[first] = sum over t < count of x[x_at + t * step] - x[x_at]
        sums[second] = sum over t < count of (x[x_at + t * step] - x[x_at]) ** 2

    where all stand for the vectors that start there.
    """
    n = types.intp

    def write(
        context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
    ) -> Untyped:
        given = pointers(context, builder, signature.args, arguments)
        _write_summing(Code(builder, signature.args[0]), given)
        return context.get_dummy_value()

    return types.void(sums, n, n, x, n, n, n), write


def _write_summing(code: Code, given: Untyped) -> None:
    sums, first, second, x, x_at, step, count = given
    builder, word = code.builder, x_at.type
    start = code.load(x, x_at)
    totals = [(code.total(code.zeros), code.total(code.zeros)) for _ in range(APART)]

    def add(pixel: Untyped, total: tuple[Untyped, Untyped]) -> None:
        here = builder.add(x_at, builder.mul(pixel, step))
        distance = builder.fsub(code.load(x, here), start)
        code.add(total[0], distance)
        code.add(total[1], distance, distance)

    rounds = builder.udiv(count, word(APART))
    with cgutils.for_range(builder, rounds) as loop:
        for i, total in enumerate(totals):
            add(builder.add(builder.mul(loop.index, word(APART)), word(i)), total)
    done = builder.mul(rounds, word(APART))
    with cgutils.for_range(builder, builder.sub(count, done)) as loop:
        add(builder.add(done, loop.index), totals[0])
    for row, place in enumerate((first, second)):
        for total in totals[1:]:
            code.add(totals[0][row], code.of(total[row]))
        code.store(code.of(totals[0][row]), sums, place)


def _fetching(*, written: bool) -> Callable[..., None]:
    """Return a function that brings values nearer while something else is computed.

    The function takes (x, at, count): where the first of so many values lies.
    """

    @intrinsic  # type: ignore[untyped-decorator]
    def fetch(typing: Untyped, x: Untyped, at: Untyped, count: Untyped) -> Untyped:
        def code(
            context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
        ) -> Untyped:
            x, at, count = pointers(context, builder, signature.args, arguments)
            size, word, i32 = signature.args[0].dtype.bitwidth // 8, at.type, ir.IntType(32)
            byte = ir.IntType(8).as_pointer()
            kind = ir.FunctionType(ir.VoidType(), [byte, i32, i32, i32])
            hint = builder.module.declare_intrinsic("llvm.prefetch", (byte,), kind)
            bytes_more = builder.add(builder.mul(count, word(size)), word(LINE - 1))
            start = builder.bitcast(builder.gep(x, [at]), byte)
            with cgutils.for_range(builder, builder.udiv(bytes_more, word(LINE))) as loop:
                there = builder.gep(start, [builder.mul(loop.index, word(LINE))])
                builder.call(hint, [there, i32(int(written)), i32(SECOND), i32(1)])
            return context.get_dummy_value()

        return types.void(x, types.intp, types.intp), code

    compiled: Callable[..., None] = fetch
    return compiled


prefetch = _fetching(written=False)
prefetch_target = _fetching(written=True)
lay = _laying(normalise=False, relu=False)
lay_relu = _laying(normalise=False, relu=True)
lay_norm = _laying(normalise=True, relu=False)
lay_norm_relu = _laying(normalise=True, relu=True)
take = _taking(normalise=False, relu=False)
take_relu = _taking(normalise=False, relu=True)
take_norm = _taking(normalise=True, relu=False)
take_norm_relu = _taking(normalise=True, relu=True)
