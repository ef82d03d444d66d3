"""Windows of single channels, in vectors: sums over places, and gradients of kernels."""

from __future__ import annotations

from collections.abc import Callable

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from dslnas.backends.torch.kernels.jit import Untyped
from dslnas.backends.torch.kernels.separable_conv_args import PLACES, ROWS
from dslnas.backends.torch.kernels.vectors import Code, pointers

QUARTET = 4
"""Pixels that add to the gradient of a kernel together."""


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
            given = pointers(context, builder, signature.args, arguments)
            _write_sums(Code(builder, sums), rows, given, fresh=fresh)
            return context.get_dummy_value()

        return types.void(*taken), code

    compiled: Callable[..., None] = sums_of_products
    return compiled


def _write_sums(code: Code, rows: int, given: Untyped, *, fresh: bool) -> None:
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
            given = pointers(context, builder, signature.args, arguments)
            _write_sliding(Code(builder, sums), taps, given, forward=forward, fresh=fresh)
            return context.get_dummy_value()

        return types.void(sums, n, n, x, n, n, n, n, w, n, n), write

    compiled: Callable[..., None] = slide
    return compiled


def _write_sliding(code: Code, taps: int, given: Untyped, *, forward: bool, fresh: bool) -> None:
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
        given = pointers(context, builder, signature.args, arguments)
        _write_kernel(Code(builder, signature.args[0]), given)
        return context.get_dummy_value()

    return types.void(sums, n, n, x, n, n, n, e, n, n), write


def _write_kernel(code: Code, given: Untyped) -> None:
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
