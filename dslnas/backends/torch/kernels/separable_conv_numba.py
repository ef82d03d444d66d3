"""Loops of `separable_conv`: a depthwise convolution, and one of single pixels behind it.

All members of a bundle run in one go, image by image. Output pixels are worked off in strips, which
stay in a core's first cache between the two convolutions; what lies between them is never written,
and for the gradient of the weights it is computed again.
"""

from __future__ import annotations

import numpy as np

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
from dslnas.backends.torch.kernels.kernel_args import Buffer
from dslnas.backends.torch.kernels.scratch import (
    STRIP,
    Maps,
    MemberWindow,
    Scratch,
    Sizes,
    is_backward,
    maps_of,
    round_up,
    row_of,
    scratch_of,
    sizes_of,
    window_of,
)
from dslnas.backends.torch.kernels.separable_conv_args import (
    PLACES,
    ROWS,
    SeparableArgs,
)
from dslnas.backends.torch.kernels.simd import (
    PAIRED,
    add_outer,
    add_paired,
    add_places,
    add_windows,
)
from dslnas.backends.torch.kernels.strips import convolve, copy, multiply


@serial
def _share(whole: int, number: int, shares: int) -> range:
    """Return a share of 0, 1, ... whole - 1."""
    return range(number * whole // shares, (number + 1) * whole // shares)


@serial
def _values(table: Buffer, number: int, image: int, size: int, dtype_of: DtypeOf) -> Values:
    """Return one image, of `size` values, of a tensor of a table."""
    return flat(tensor_of(table, number), (image + 1) * size, dtype_of)[image * size :]


@serial
def _surround(space: Values, image: Values, a: SeparableArgs, wide: int) -> None:
    """Copy an image into a space that is zero around it."""
    for y in range(a.height):
        to = ((y + a.edge_height) * a.padded_width + a.edge_width) * wide
        row = image[y * a.width * a.channels : (y + 1) * a.width * a.channels]
        copy(space[to:], wide, row, a.channels, a.width)


def pack(k: int, args: Pointer[SeparableArgs], dtype_of: DtypeOf) -> int:
    """Write one member's weights as loops read them: (places, channels), then the matrix.

    That is (channels, outs), or for gradients (outs, channels), in panels as in `strips.multiply`.
    """
    a = args_at(args)
    size = sizes_of(a, dtype_of)
    row = row_of(k, a)
    area = row[0] * row[1]
    packed = flat(a.packed, (k + 1) * size.packed, dtype_of)[k * size.packed :]
    packed[:] = 0
    kernel = flat(tensor_of(a.kernels, k), a.channels * area, dtype_of)
    matrix = flat(tensor_of(a.matrices, k), a.outs * a.channels, dtype_of)
    for c in range(a.channels):
        for place in range(area):
            packed[place * size.wide + c] = kernel[c * area + place]
    transposed = is_backward(a)
    inner = size.broad if transposed else size.wide
    for o in range(a.outs):
        for c in range(a.channels):
            along, column = (o, c) if transposed else (c, o)
            panel, lane = divmod(column, size.lanes)
            at = panel * inner * size.lanes + along * size.lanes + lane
            packed[size.matrix + at] = matrix[o * a.channels + c]
    return DONE


def forward(task: int, args: Pointer[SeparableArgs], dtype_of: DtypeOf) -> int:
    """Write the results of all members for a share of the images."""
    a = args_at(args)
    size = sizes_of(a, dtype_of)
    maps, scratch = maps_of(a, size), scratch_of(a, size, dtype_of)
    packed = flat(a.packed, a.members * size.packed, dtype_of)
    for image in _share(a.batch, task, a.shares):
        held = -1
        for k in range(a.members):
            window = window_of(k, a, size)
            if window.source != held:
                held = window.source
                values = a.height * a.width * a.channels
                x = _values(a.inputs, held, image, values, dtype_of)
                _surround(scratch.space, x, a, size.wide)
            out = _values(a.outputs, k, image, size.pixels * a.outs, dtype_of)
            _results(out, k * size.packed, a, size, maps, scratch, window, packed)
    return DONE


@serial
def _results(
    out: Values,
    at: int,
    a: SeparableArgs,
    size: Sizes,
    maps: Maps,
    scratch: Scratch,
    window: MemberWindow,
    packed: Values,
) -> None:
    """Write the result of one member for one image."""
    for low in range(0, size.pixels, STRIP):
        here = min(STRIP, size.pixels - low)
        count, to = round_up(here, ROWS), out[low * a.outs :]
        convolve(scratch.strip, low, count, scratch.space, window, maps, packed, at, size)
        fits = a.outs == size.broad and here == count
        made = to if fits else scratch.given
        multiply(
            made, 0, maps.broad_rows, size.broad, count, scratch.strip, maps.rows, a.channels,
            packed, at + size.matrix, size, maps,
        )  # fmt: skip
        if not fits:
            copy(to, a.outs, made, size.broad, here)


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
    for part in _share(a.parts, task, a.shares):
        sums = flat(a.sums, (part + 1) * of_part, dtype_of)[part * of_part :]
        sums[:] = 0
        for image in _share(a.batch, part, a.parts):
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
                x = _values(a.inputs, held, image, values, dtype_of)
                _surround(scratch.space, x, a, size.wide)
            total = _total(held, image, a, scratch, dtype_of)
            total[:] = 0
        if window.first != start:  # else the next gradient covers the last one
            start = window.first
            scratch.between[: a.given_height * a.given_width * size.wide] = 0
        g = _values(a.outputs, k, image, size.pixels * a.outs, dtype_of)
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
        return _values(a.to_inputs, source, image, a.height * a.width * a.channels, dtype_of)
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


TASKS = {"pack": pack, "forward": forward, "backward": backward, "gather": gather}
