"""Loops of the gradients of `separable_conv`, image by image and strip by strip as forward."""

from __future__ import annotations

import numpy as np

from dslnas.backends.torch.kernels.images import image_of, share, whole_pixels
from dslnas.backends.torch.kernels.jit import (
    DONE,
    Doubles,
    DtypeOf,
    Pointer,
    Values,
    args_at,
    doubles,
    flat,
    is_given,
    serial,
    tensor_of,
)
from dslnas.backends.torch.kernels.products import (
    add_product,
    fetch,
    fetch_target,
    multiply,
    sums_of,
    turns_of,
)
from dslnas.backends.torch.kernels.reading import last_of, lay_rows, rows_behind
from dslnas.backends.torch.kernels.scratch import (
    Maps,
    MemberWindow,
    Scratch,
    maps_of,
    row_of,
    scratch_of,
    window_of,
)
from dslnas.backends.torch.kernels.separable_conv_args import PLACES, SeparableArgs
from dslnas.backends.torch.kernels.simd_pixels import (
    take,
    take_norm,
    take_norm_relu,
    take_relu,
)
from dslnas.backends.torch.kernels.simd_windows import QUARTET, add_kernel_3, add_places
from dslnas.backends.torch.kernels.strips import convolve, convolve_turned


def backward(task: int, args: Pointer[SeparableArgs], dtype_of: DtypeOf) -> int:
    """Write the gradients of the inputs for a share of the parts, and add up the kernels' by part.

    With e the gradient of a result, that of the kernel is the sum of e times what each place read,
    and that of what was read is the convolution of e with the kernel turned by 180 degrees, with
    zeros between its values where the window steps further than one pixel.
    """
    a = args_at(args)
    maps, scratch = maps_of(a, dtype_of), scratch_of(task, a, dtype_of)
    of_part = a.members * _summed(a) if a.wants_weights else 0
    rows = 2 * a.sources if a.wants_inputs and a.normalised else 0
    for part in share(a.parts, task, a.shares):
        sums = flat(a.sums, (part + 1) * of_part, dtype_of)[part * of_part :]
        sums[:] = 0
        to_stats = doubles(a.to_stats, (part + 1) * rows, a.channels)[part * rows :]
        to_stats[:] = 0
        for image in share(a.batch, part, a.parts):
            start, first = -1, 0
            while first < a.members:
                last = last_of(first, a)
                for k in range(first, last):
                    window = window_of(k, a)
                    if window.first != start:  # else the next gradient covers the last one
                        start = window.first
                        scratch.between[:] = 0
                    ends = k == first, k + 1 == last
                    _gradients(image, k, ends, a, maps, scratch, window, sums, to_stats, dtype_of)
                first = last
    return DONE


@serial
def _gradients(
    image: int, k: int, ends: tuple[bool, bool], a: SeparableArgs, maps: Maps, scratch: Scratch,
    window: MemberWindow, sums: Values, to_stats: Doubles, dtype_of: DtypeOf,
) -> None:  # fmt: skip
    """Do for one member and one image what `backward` does.

    `ends` tells whether it is the first, and the last, that reads its source.
    """
    pixels, values = a.out_height * a.out_width, a.height * a.width * a.channels
    g = image_of(a.outputs, k, image, pixels * a.outs, dtype_of)
    reads = a.wants_weights != 0 or a.relu != 0 or a.normalised != 0
    x = image_of(a.inputs, window.source, image, values, dtype_of) if reads else g
    to, gives = g, False
    if a.wants_inputs != 0 and ends[1] and is_given(tensor_of(a.to_inputs, window.source)):
        to, gives = image_of(a.to_inputs, window.source, image, values, dtype_of), True
    laid = done = 0
    scratch.added[:] = 0
    for low in range(0, a.out_height, a.strip):
        high = min(a.out_height, low + a.strip)
        if reads and ends[0]:
            laid = lay_rows(x, window.source, laid, high, a, maps, scratch)
        bounds, after = (low * a.out_width, high * a.out_width), laid if ends[0] else a.height
        _lay_gradient(bounds, k, g, x, after, a, maps, scratch, window)
        if a.wants_weights != 0:
            own = sums[k * _summed(a) :]
            _add_kernel(own, bounds, a, maps, scratch, window)
            convolve(bounds[0], bounds[1], k, a, maps, scratch, window)
            _add_matrix(own, g, bounds, to, done if gives else a.height, a, maps, scratch)
        if a.wants_inputs != 0:
            end = a.height if high == a.out_height else _rows_done(k, high, a)
            if end > done:
                bounds = done * a.width, end * a.width
                convolve_turned(bounds[0], bounds[1], k, ends[0], a, maps, scratch, window)
                if gives:
                    _take_input(to, x, window.source, bounds, a, maps, scratch)
                done = end
    if gives and a.normalised != 0:
        for c in range(a.channels):
            to_stats[window.source, c] += scratch.added[a.wide + c]
            to_stats[a.sources + window.source, c] += scratch.added[c]


@serial
def _lay_gradient(
    bounds: tuple[int, int], k: int, g: Values, x: Values, after: int, a: SeparableArgs,
    maps: Maps, scratch: Scratch, window: MemberWindow,
) -> None:  # fmt: skip
    """Lay the gradient of what lies between the two convolutions, for some pixels, into its space.

    Meanwhile the next pixels of the result's gradient, and the input's rows from `after` on, come
    nearer.
    """
    low, high = bounds
    count, panels = (high - low) * a.outs, scratch.matrices[k * a.wide * a.broad :]
    turns = turns_of(high - low, a.wide, maps.lanes)
    for turn in range(turns):
        fetch(turn, turns, g, high * a.outs, count)
        fetch(turn, turns, x, after * a.width * a.channels, rows_behind(after, a))
        multiply(
            turn, scratch.between, window.first, maps.given[low:], a.wide, g[low * a.outs :],
            a.outs, high - low, a.outs, panels, maps.lanes,
        )  # fmt: skip


@serial
def _rows_done(k: int, high: int, a: SeparableArgs) -> int:
    """Return how many rows of an input no row of a result from `high` on reads."""
    padding: int = row_of(k, a)[2]
    return min(a.height, max(0, high * a.stride_height - padding))


@serial
def _summed(a: SeparableArgs) -> int:
    """Return how many values the gradients of a member's weights have."""
    return a.places * a.wide + a.wide * a.broad


@serial
def _add_matrix(
    sums: Values, g: Values, bounds: tuple[int, int], to: Values, done: int, a: SeparableArgs,
    maps: Maps, scratch: Scratch,
) -> None:  # fmt: skip
    """Add what some pixels have to the gradient of a member's matrix.

    Meanwhile rows of the input's gradient from `done` on, which are written next, come nearer.
    """
    low, high = bounds
    whole = min(high, max(low, whole_pixels(a.out_height * a.out_width, a.outs, a.broad)))
    at, strip, turns = a.places * a.wide, scratch.strip, sums_of(a.channels, a.broad, maps.lanes)
    for turn in range(turns):
        fetch_target(turn, turns, to, done * a.width * a.channels, rows_behind(done, a))
        add_product(
            turn, sums, at, maps.broad, a.broad, strip, a.wide, g[low * a.outs :], a.outs,
            whole - low, a.channels, maps.lanes,
        )  # fmt: skip
    for pixel in range(whole, high):  # a whole block would reach beyond the image
        for o in range(a.outs):
            scratch.last[o] = g[pixel * a.outs + o]
        row = strip[(pixel - low) * a.wide :]
        for turn in range(turns):
            add_product(
                turn, sums, at, maps.broad, a.broad, row, a.wide, scratch.last, a.broad, 1,
                a.channels, maps.lanes,
            )  # fmt: skip


@serial
def _add_kernel(
    sums: Values, bounds: tuple[int, int], a: SeparableArgs, maps: Maps, scratch: Scratch,
    window: MemberWindow,
) -> None:  # fmt: skip
    """Add what some pixels have to the gradient of a member's kernel."""
    low, high = bounds
    if window.rows == 3 and window.columns == 3 and a.stride_width == 1 and _in_quartets(window, a):
        _add_small_kernel(sums, low // a.out_width, high // a.out_width, a, maps, scratch, window)
        return
    read, given = maps.read[low:], maps.given[low:]
    for c in range(0, a.wide, maps.lanes):
        for place in range(0, window.area, PLACES):
            add_places(
                sums, c, maps.rows, place, scratch.space, c, window.read, place, read, high - low,
                scratch.between, window.first + c, given,
            )  # fmt: skip


@serial
def _in_quartets(window: MemberWindow, a: SeparableArgs) -> bool:
    """Say whether rows of a result consist of as many pixels as add to a gradient together."""
    return bool(a.out_width % (QUARTET * window.apart) == 0)


@serial
def _add_small_kernel(
    sums: Values, low: int, high: int, a: SeparableArgs, maps: Maps, scratch: Scratch,
    window: MemberWindow,
) -> None:  # fmt: skip
    """Add what some rows have to the gradient of a kernel of 3 x 3."""
    step, down, space = window.apart * a.wide, window.read[3] - window.read[0], scratch.space
    count = a.out_width // window.apart
    for c in range(0, a.wide, maps.lanes):
        for row in range(low, high):
            for pixel in range(row * a.out_width, row * a.out_width + window.apart):
                add_kernel_3(
                    sums, c, a.wide, space, maps.read[pixel] + window.read[0] + c, step, down,
                    scratch.between, window.first + maps.given[pixel] + c, count,
                )  # fmt: skip


@serial
def _take_input(
    to: Values, x: Values, source: int, bounds: tuple[int, int], a: SeparableArgs, maps: Maps,
    scratch: Scratch,
) -> None:  # fmt: skip
    """Write the gradient of some pixels, and add up what their statistics' ask for.

    A block that reaches beyond its pixel writes into the next ones, which are written later: the
    last block of all pixels comes first.
    """
    low, high = bounds
    whole = whole_pixels(a.height * a.width, a.channels, a.wide)
    whole = min(high, max(low, whole))
    for c in range(a.wide - maps.lanes, -1, -maps.lanes):
        _take_block(to, x, c, 3 * source * a.wide + c, (low, whole), a, maps, scratch)
    _take_last(to, x, 3 * source * a.wide, (whole, high), a, maps, scratch)


@serial
def _take_block(
    to: Values, x: Values, c: int, mean: int, bounds: tuple[int, int], a: SeparableArgs,
    maps: Maps, scratch: Scratch,
) -> None:  # fmt: skip
    """Do for one block of channels, and pixels that can be written as whole blocks."""
    low, count, step, total = bounds[0], bounds[1] - bounds[0], a.channels, scratch.total
    stats, added, second, space = scratch.stats, scratch.added, a.wide + c, scratch.space
    at, t_at, places = low * step + c, low * a.wide + c, maps.laid[low:]
    if a.normalised != 0 and a.relu != 0:
        take_norm_relu(
            to, at, step, total, t_at, a.wide, count, space, c, places, x, stats, mean, added, c,
            second,
        )  # fmt: skip
    elif a.normalised != 0:
        take_norm(
            to, at, step, total, t_at, a.wide, count, space, c, places, x, stats, mean, added, c,
            second,
        )  # fmt: skip
    elif a.relu != 0:
        take_relu(
            to, at, step, total, t_at, a.wide, count, space, c, places, x, stats, mean, added, c,
            second,
        )  # fmt: skip
    else:
        take(
            to, at, step, total, t_at, a.wide, count, space, c, places, x, stats, mean, added, c,
            second,
        )  # fmt: skip


@serial
def _take_last(
    to: Values, x: Values, mean: int, bounds: tuple[int, int], a: SeparableArgs, maps: Maps,
    scratch: Scratch,
) -> None:  # fmt: skip
    """Do for pixels that end an image, number by number."""
    added, space, stats = scratch.added, scratch.space, scratch.stats
    for pixel in range(bounds[0], bounds[1]):
        for c in range(a.channels):
            value = scratch.total[pixel * a.wide + c]
            if a.relu != 0 and not space[maps.laid[pixel] + c] > 0:
                value = to.dtype.type(0)
            at = pixel * a.channels + c
            to[at] = value
            if a.normalised != 0:
                added[c] += value
                added[a.wide + c] += value * (x[at] - stats[mean + c])


def gather(k: int, args: Pointer[SeparableArgs], dtype_of: DtypeOf) -> int:
    """Add up the parts of the gradients of one member's weights, in float64."""
    a = args_at(args)
    row = row_of(k, a)
    area, size = row[0] * row[1], _summed(a)
    total = np.zeros(size)
    for part in range(a.parts):
        at = (part * a.members + k) * size
        summed = flat(a.sums, at + size, dtype_of)[at:]
        for m in range(size):
            total[m] += summed[m]
    kernel = flat(tensor_of(a.to_kernels, k), a.channels * area, dtype_of)
    matrix = flat(tensor_of(a.to_matrices, k), a.outs * a.channels, dtype_of)
    for c in range(a.channels):
        for place in range(area):
            kernel[c * area + place] = total[place * a.wide + c]
        for o in range(a.outs):
            matrix[o * a.channels + c] = total[a.places * a.wide + c * a.broad + o]
    return DONE
