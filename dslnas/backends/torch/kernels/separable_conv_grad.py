"""Loops of the gradients of `separable_conv`, image by image as forward."""

from __future__ import annotations

import numpy as np

from dslnas.backends.torch.kernels.images import image_of, share
from dslnas.backends.torch.kernels.jit import (
    DONE,
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
from dslnas.backends.torch.kernels.scratch import (
    Maps,
    MemberWindow,
    Scratch,
    maps_of,
    row_of,
    scratch_of,
    window_of,
)
from dslnas.backends.torch.kernels.separable_conv_args import PLACES, ROWS, SeparableArgs
from dslnas.backends.torch.kernels.simd import (
    add_places,
    add_window,
    add_windows,
    lay,
    lay_norm,
    lay_norm_relu,
    lay_relu,
    take,
    take_norm,
    take_norm_relu,
    take_relu,
)


@serial
def _whole_pixels(a: SeparableArgs) -> int:
    """Return how many pixels of an image end with it at the latest if read as whole blocks."""
    return max(0, (a.height * a.width * a.channels - a.wide) // a.channels + 1)


@serial
def lay_input(x: Values, source: int, a: SeparableArgs, maps: Maps, scratch: Scratch) -> None:
    """Lay what is read of an image into its space.

    What stands there for channels that an image has not is never read: it is the next pixel's.
    """
    pixels, whole, row = a.height * a.width, _whole_pixels(a), 3 * source * a.wide
    stats, space, step = scratch.stats, scratch.space, a.channels
    for c in range(0, a.wide, maps.lanes):
        slope, offset = row + a.wide + c, row + 2 * a.wide + c
        if a.normalised != 0 and a.relu != 0:
            lay_norm_relu(space, c, maps.laid, whole, x, c, step, stats, slope, offset)
        elif a.normalised != 0:
            lay_norm(space, c, maps.laid, whole, x, c, step, stats, slope, offset)
        elif a.relu != 0:
            lay_relu(space, c, maps.laid, whole, x, c, step, stats, slope, offset)
        else:
            lay(space, c, maps.laid, whole, x, c, step, stats, slope, offset)
    slope, offset = row + a.wide, row + 2 * a.wide
    for pixel in range(whole, pixels):
        for c in range(a.channels):
            value = x[pixel * a.channels + c]
            if a.normalised != 0:
                value = stats[slope + c] * value + stats[offset + c]
            if a.relu != 0 and value < 0:
                value *= 0
            space[maps.laid[pixel] + c] = value


def backward(task: int, args: Pointer[SeparableArgs], dtype_of: DtypeOf) -> int:
    """Write the gradients of the inputs for a share of the parts, and add up the kernels' by part.

    With e the gradient of a result, that of the kernel is the sum of e times what each place read,
    and that of what was read is the convolution of e with the kernel turned by 180 degrees, with
    zeros between its values where the window steps further than one pixel.
    """
    a = args_at(args)
    maps, scratch = maps_of(a, dtype_of), scratch_of(task, a, dtype_of)
    of_part = a.members * a.places * a.wide if a.wants_kernels else 0
    for part in share(a.parts, task, a.shares):
        sums = flat(a.sums, (part + 1) * of_part, dtype_of)[part * of_part :]
        sums[:] = 0
        rows = 2 * a.sources if a.wants_inputs and a.normalised else 0
        to_stats = doubles(a.to_stats, (part + 1) * rows, a.channels)[part * rows :]
        to_stats[:] = 0
        for image in share(a.batch, part, a.parts):
            _gradients(image, a, maps, scratch, sums, to_stats, dtype_of)
    return DONE


@serial
def _gradients(
    image: int, a: SeparableArgs, maps: Maps, scratch: Scratch, sums: Values, to_stats: Values,
    dtype_of: DtypeOf,
) -> None:  # fmt: skip
    """Do for one image what `backward` does."""
    held, start, pixels = -1, -1, a.out_height * a.out_width
    values, lent = a.height * a.width * a.channels, flat(a.scratch, 0, dtype_of)
    results = flat(a.results, a.members * a.batch * pixels * a.wide, dtype_of)
    reads = a.wants_kernels != 0 or a.relu != 0 or a.normalised != 0
    for k in range(a.members):
        window = window_of(k, a)
        if window.source != held:
            held = window.source
            if reads:
                lay_input(image_of(a.inputs, held, image, values, dtype_of), held, a, maps, scratch)
            scratch.total[:] = 0
        if window.first != start:  # else the next gradient covers the last one
            start = window.first
            scratch.between[:] = 0
        at = (k * a.batch + image) * pixels * a.wide
        for c in range(0, a.wide, maps.lanes):
            lay(
                scratch.between, start + c, maps.given, pixels, results, at + c, a.wide,
                scratch.stats, 0, 0,
            )  # fmt: skip
        if a.wants_kernels != 0:
            _add_kernel(sums[k * a.places * a.wide :], pixels, a, maps, scratch, window)
        if a.wants_inputs != 0:
            _add_to_input(k, a, maps, scratch, window)
            target = tensor_of(a.to_inputs, held)
            if is_given(target) and _is_last(k, a):
                to = flat(target, (image + 1) * values, dtype_of)[image * values :]
                x = image_of(a.inputs, held, image, values, dtype_of) if reads else lent
                _take_input(to, x, held, a, maps, scratch, to_stats)


@serial
def _is_last(k: int, a: SeparableArgs) -> bool:
    """Say whether a member is the last that reads its source."""
    return bool(k + 1 == a.members or row_of(k + 1, a)[6] != row_of(k, a)[6])


@serial
def _add_kernel(
    sums: Values, pixels: int, a: SeparableArgs, maps: Maps, scratch: Scratch, window: MemberWindow
) -> None:
    """Add what an image has to the gradient of a member's kernel."""
    for c in range(0, a.wide, maps.lanes):
        for place in range(0, window.area, PLACES):
            add_places(
                sums, c, maps.rows, place, scratch.space, c, window.read, place, maps.read, pixels,
                scratch.between, window.first + c, maps.given,
            )  # fmt: skip


@serial
def _add_to_input(
    k: int, a: SeparableArgs, maps: Maps, scratch: Scratch, window: MemberWindow
) -> None:
    """Add what reaches the input through one member."""
    kernel, pixels = k * a.area * a.wide, a.height * a.width
    blocks = pixels // ROWS * ROWS
    for c in range(0, a.wide, maps.lanes):
        for pixel in range(0, blocks, ROWS):
            add_windows(
                scratch.total, c, maps.rows, pixel, scratch.between, c, maps.own, pixel,
                window.turned, window.area, scratch.kernels, kernel + c, maps.rows,
            )  # fmt: skip
        for pixel in range(blocks, pixels):
            add_window(
                scratch.total, c, maps.rows, pixel, scratch.between, c, maps.own, pixel,
                window.turned, window.area, scratch.kernels, kernel + c, maps.rows,
            )  # fmt: skip


@serial
def _take_input(
    to: Values, x: Values, source: int, a: SeparableArgs, maps: Maps, scratch: Scratch,
    to_stats: Values,
) -> None:  # fmt: skip
    """Write the gradient of an image, and add up what its statistics' ask for.

    A block that reaches beyond its pixel writes into the next ones, which are written later: the
    last block of all pixels comes first.
    """
    added = scratch.added
    added[:] = 0
    for c in range(a.wide - maps.lanes, -1, -maps.lanes):
        _take_block(to, x, c, 3 * source * a.wide + c, a, maps, scratch)
    _take_last(to, x, 3 * source * a.wide, a, maps, scratch)
    if a.normalised != 0:
        for row in range(2):
            for c in range(a.channels):
                to_stats[2 * source + row, c] += added[row * a.wide + c]


@serial
def _take_block(
    to: Values, x: Values, c: int, mean: int, a: SeparableArgs, maps: Maps, scratch: Scratch
) -> None:
    """Do for one block of channels, and all pixels that can be written as whole blocks."""
    whole, step, total, space = _whole_pixels(a), a.channels, scratch.total, scratch.space
    stats, added, second = scratch.stats, scratch.added, a.wide + c
    if a.normalised != 0 and a.relu != 0:
        take_norm_relu(
            to, c, step, total, c, a.wide, whole, space, c, maps.laid, x, stats, mean, added, c,
            second,
        )  # fmt: skip
    elif a.normalised != 0:
        take_norm(
            to, c, step, total, c, a.wide, whole, space, c, maps.laid, x, stats, mean, added, c,
            second,
        )  # fmt: skip
    elif a.relu != 0:
        take_relu(
            to, c, step, total, c, a.wide, whole, space, c, maps.laid, x, stats, mean, added, c,
            second,
        )  # fmt: skip
    else:
        take(
            to, c, step, total, c, a.wide, whole, space, c, maps.laid, x, stats, mean, added, c,
            second,
        )  # fmt: skip


@serial
def _take_last(
    to: Values, x: Values, mean: int, a: SeparableArgs, maps: Maps, scratch: Scratch
) -> None:
    """Do for the last pixels, number by number."""
    added, space, stats = scratch.added, scratch.space, scratch.stats
    for pixel in range(_whole_pixels(a), a.height * a.width):
        for c in range(a.channels):
            value = scratch.total[pixel * a.wide + c]
            if a.relu != 0 and not space[maps.laid[pixel] + c] > 0:
                value *= 0
            at = pixel * a.channels + c
            to[at] = value
            if a.normalised != 0:
                added[c] += value
                added[a.wide + c] += value * (x[at] - stats[mean + c])


def gather(k: int, args: Pointer[SeparableArgs], dtype_of: DtypeOf) -> int:
    """Add up the parts of the gradient of one member's kernel, in float64."""
    a = args_at(args)
    row = row_of(k, a)
    area, size = row[0] * row[1], a.places * a.wide
    total = np.zeros(size)
    for part in range(a.parts):
        at = (part * a.members + k) * size
        summed = flat(a.sums, at + size, dtype_of)[at:]
        for m in range(size):
            total[m] += summed[m]
    kernel = flat(tensor_of(a.to_kernels, k), a.channels * area, dtype_of)
    for c in range(a.channels):
        for place in range(area):
            kernel[c * area + place] = total[place * a.wide + c]
    return DONE
