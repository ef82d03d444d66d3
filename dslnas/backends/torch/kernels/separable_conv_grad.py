"""Loops of the gradients of `separable_conv`, image by image and strip by strip as forward.

What lies between the two convolutions was never written: the gradient of the weights computes it
again.
"""

from __future__ import annotations

import numpy as np

from dslnas.backends.torch.kernels.images import copy, image_of, share, surround
from dslnas.backends.torch.kernels.jit import (
    DONE,
    DtypeOf,
    Pointer,
    Values,
    args_at,
    flat,
    is_given,
    serial,
    tensor_of,
)
from dslnas.backends.torch.kernels.scratch import (
    STRIP,
    Maps,
    MemberWindow,
    Scratch,
    Sizes,
    maps_of,
    round_up,
    row_of,
    scratch_of,
    sizes_of,
    window_of,
)
from dslnas.backends.torch.kernels.separable_conv_args import PLACES, ROWS, SeparableArgs
from dslnas.backends.torch.kernels.simd import (
    PAIRED,
    add_outer,
    add_paired,
    add_places,
    add_windows,
)
from dslnas.backends.torch.kernels.strips import convolve, multiply


def backward(task: int, args: Pointer[SeparableArgs], dtype_of: DtypeOf) -> int:
    """Write the gradients of the inputs for a share of the parts, and add up the weights' by part.

    With g the gradient of a result, d what lies between the convolutions and W the matrix: e = g W
    is the gradient of d; that of W is the sum over pixels of g d, that of the kernel the sum of e
    times what each place read; and that of the input is the convolution of e with the kernel turned
    by 180 degrees, with zeros between its values where the window steps further than one pixel.
    """
    a = args_at(args)
    size = sizes_of(a, dtype_of)
    maps, scratch = maps_of(a, size), scratch_of(a, size, dtype_of)
    packed = flat(a.packed, a.members * size.packed, dtype_of)
    of_part = a.members * size.summed if a.wants_weights else 0
    for part in share(a.parts, task, a.shares):
        sums = flat(a.sums, (part + 1) * of_part, dtype_of)[part * of_part :]
        sums[:] = 0
        for image in share(a.batch, part, a.parts):
            _gradients(image, a, size, maps, scratch, packed, sums, dtype_of)
    return DONE


@serial
def _gradients(
    image: int,
    a: SeparableArgs,
    size: Sizes,
    maps: Maps,
    scratch: Scratch,
    packed: Values,
    sums: Values,
    dtype_of: DtypeOf,
) -> None:
    """Do for one image what `backward` does."""
    held, start, values = -1, -1, a.height * a.width * a.channels
    total = scratch.total
    for k in range(a.members):
        window = window_of(k, a, size)
        if window.source != held:
            held = window.source
            if a.wants_weights:
                x = image_of(a.inputs, held, image, values, dtype_of)
                surround(scratch.space, x, a, size.wide)
            total = _total(held, image, a, scratch, dtype_of)
            total[:] = 0
        if window.first != start:  # else the next gradient covers the last one
            start = window.first
            scratch.between[: a.given_height * a.given_width * size.wide] = 0
        g = image_of(a.outputs, k, image, size.pixels * a.outs, dtype_of)
        _strips(g, k * size.packed, a, size, maps, scratch, window, packed, sums[k * size.summed :])
        if a.wants_inputs:
            _add_to_input(total, k * size.packed, size, maps, scratch, window, packed)
            target = tensor_of(a.to_inputs, held)
            if is_given(target) and _is_last(k, a) and not _fits(a):
                x = flat(target, (image + 1) * values, dtype_of)[image * values :]
                copy(x, a.channels, total, size.wide, a.height * a.width)


@serial
def _fits(a: SeparableArgs) -> bool:
    """Say whether an image of an input consists of whole blocks."""
    return bool(a.channels % ROWS == 0 and a.height * a.width % ROWS == 0)


@serial
def _total(
    source: int, image: int, a: SeparableArgs, scratch: Scratch, dtype_of: DtypeOf
) -> Values:
    """Return where the gradient of an input is added up: where it belongs, if it fits there."""
    if a.wants_inputs and _fits(a) and is_given(tensor_of(a.to_inputs, source)):
        return image_of(a.to_inputs, source, image, a.height * a.width * a.channels, dtype_of)
    return scratch.total


@serial
def _is_last(k: int, a: SeparableArgs) -> bool:
    """Say whether a member is the last that reads its source."""
    return bool(k + 1 == a.members or row_of(k + 1, a)[6] != row_of(k, a)[6])


@serial
def _strips(
    g: Values, at: int, a: SeparableArgs, size: Sizes, maps: Maps, scratch: Scratch,
    window: MemberWindow, packed: Values, sums: Values,
) -> None:  # fmt: skip
    """Lay e into its space and add to the gradients of the weights, strip by strip."""
    for low in range(0, size.pixels, STRIP):
        here = min(STRIP, size.pixels - low)
        count = round_up(here, ROWS)
        fits = a.outs == size.broad and here == count
        given = g[low * a.outs :] if fits else scratch.given
        if not fits:
            copy(given, size.broad, g[low * a.outs :], a.outs, here)
        multiply(
            scratch.between, window.first, maps.given[low:], size.wide, count, given,
            maps.broad_rows, a.outs, packed, at + size.matrix, size, maps,
        )  # fmt: skip
        if a.wants_weights:
            convolve(scratch.strip, low, count, scratch.space, window, maps, packed, at, size)
            _add_weights(sums, given, low, here, size, maps, scratch, window)


@serial
def _add_weights(
    sums: Values,
    given: Values,
    low: int,
    count: int,
    size: Sizes,
    maps: Maps,
    scratch: Scratch,
    window: MemberWindow,
) -> None:
    """Add what a strip has to the gradients of a member's kernel and matrix."""
    read, e = maps.read[low:], maps.given[low:]
    for c in range(0, size.wide, size.lanes):
        for place in range(0, window.area, PLACES):
            add_places(
                sums, c, maps.rows, place, scratch.space, c, window.read, place, read, count,
                scratch.between, window.first + c, e, 0,
            )  # fmt: skip
    matrix, pair = size.places * size.wide, 2 * size.lanes
    paired = size.broad // pair * pair
    for o in range(0, paired, pair):
        for c in range(0, size.wide, PAIRED):
            add_paired(
                sums, matrix + o, maps.broad_rows, c, scratch.strip, c, maps.units, 0,
                maps.rows, count, given, o, maps.broad_rows, size.lanes,
            )  # fmt: skip
    for o in range(paired, size.broad, size.lanes):
        for c in range(0, size.wide, ROWS):
            add_outer(
                sums, matrix + o, maps.broad_rows, c, scratch.strip, c, maps.units, 0,
                maps.rows, count, given, o, maps.broad_rows, 0,
            )  # fmt: skip


@serial
def _add_to_input(
    total: Values,
    at: int,
    size: Sizes,
    maps: Maps,
    scratch: Scratch,
    window: MemberWindow,
    packed: Values,
) -> None:
    """Add what reaches the input through one member."""
    for low in range(0, maps.own.size, STRIP):
        for c in range(0, size.wide, size.lanes):
            for pixel in range(low, min(low + STRIP, maps.own.size), ROWS):
                add_windows(
                    total, c, maps.rows, pixel, scratch.between, c, maps.own, pixel,
                    window.turned, window.area, packed, at + c, maps.rows, 0,
                )  # fmt: skip


def gather(k: int, args: Pointer[SeparableArgs], dtype_of: DtypeOf) -> int:
    """Add up the parts of the gradients of one member's weights, in float64."""
    a = args_at(args)
    size = sizes_of(a, dtype_of)
    row = row_of(k, a)
    area, total = row[0] * row[1], np.zeros(size.summed)
    for part in range(a.parts):
        at = (part * a.members + k) * size.summed
        summed = flat(a.sums, at + size.summed, dtype_of)[at:]
        for m in range(size.summed):
            total[m] += summed[m]
    kernel = flat(tensor_of(a.to_kernels, k), a.channels * area, dtype_of)
    matrix = flat(tensor_of(a.to_matrices, k), a.outs * a.channels, dtype_of)
    for c in range(a.channels):
        for place in range(area):
            kernel[c * area + place] = total[place * size.wide + c]
        for o in range(a.outs):
            matrix[o * a.channels + c] = total[size.places * size.wide + c * size.broad + o]
    return DONE
