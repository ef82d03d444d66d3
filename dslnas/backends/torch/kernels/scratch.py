"""Where separable convolutions keep what they work on: spaces with zeros around, and maps to them.

Channels are filled up to whole vectors, and blocks of pixels to whole blocks, so that no loop asks
where an image ends.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import carray

from dslnas.backends.torch.kernels import kernel_args
from dslnas.backends.torch.kernels.jit import DtypeOf, Places, Values, serial, whole
from dslnas.backends.torch.kernels.separable_conv_args import PLACES, ROWS, SeparableArgs
from dslnas.backends.torch.kernels.simd import BYTES

round_up = serial(kernel_args.round_up)

STRIP = 64
"""Output pixels that are worked off together."""


class Sizes(NamedTuple):
    """Numbers that follow from a record.

    Attributes:
        lanes: Values of a vector.
        wide: Channels, filled up to whole blocks.
        broad: Channels of results, filled up to whole blocks.
        matrix: Where the matrix begins in a member's packed weights.
        packed: Values of these.
        places: Places of the largest kernel, filled up to whole blocks.
        summed: Values of a member's gradients of weights.
        pixels: Pixels of a result.
    """

    lanes: int
    wide: int
    broad: int
    matrix: int
    packed: int
    places: int
    summed: int
    pixels: int


class Maps(NamedTuple):
    """Where things lie, one number each.

    Attributes:
        read: Output pixels in the space of an input.
        given: Output pixels in the space of the gradient, from its first.
        own: Input pixels in the space of the gradient.
        rows: Pixels of `wide` channels, one after the other.
        broad_rows: Pixels of `broad` channels, one after the other.
        panel: Rows of a matrix that lies in panels.
        units: 0, 1, 2, ...
    """

    read: Places
    given: Places
    own: Places
    rows: Places
    broad_rows: Places
    panel: Places
    units: Places


class Scratch(NamedTuple):
    """Memory of a task.

    Attributes:
        space: An input with zeros around it.
        between: The gradient of a depthwise result, with zeros around it and between its pixels;
            twice as large, with room for what belongs nowhere wherever the gradient begins.
        total: The gradient of an input.
        strip: Results of a depthwise convolution, for one strip.
        given: Results, or their gradients, of `broad` channels.
    """

    space: Values
    between: Values
    total: Values
    strip: Values
    given: Values


class MemberWindow(NamedTuple):
    """A member's window.

    Attributes:
        source: Number of the input that it reads.
        area: Places of its kernel.
        read: Where they lie in the space of the input, from an output pixel's own.
        turned: Where they lie in that of the gradient, from an input pixel's own: what is read at a
            distance forward is read from backward.
        first: Where the gradient begins in its space.
    """

    source: int
    area: int
    read: Places
    turned: Places
    first: int


@serial
def sizes_of(a: SeparableArgs, dtype_of: DtypeOf) -> Sizes:
    """Return the `Sizes` of a record."""
    wide, broad, places = (
        round_up(a.channels, ROWS),
        round_up(a.outs, ROWS),
        round_up(a.area, PLACES),
    )
    return Sizes(
        BYTES // carray(dtype_of, (1,)).itemsize, wide, broad, a.area * wide,
        a.area * wide + wide * broad, places, places * wide + wide * broad,
        a.out_height * a.out_width,
    )  # fmt: skip


@serial
def _grid(height: int, width: int, down: int, right: int, nowhere: int) -> Places:
    """Return where the pixels of a grid lie, and `nowhere` until blocks are whole."""
    places = np.full(round_up(height * width, ROWS), nowhere)
    pixel = 0
    for y in range(height):
        for x in range(width):
            places[pixel] = y * down + x * right
            pixel += 1
    return places


@serial
def maps_of(a: SeparableArgs, size: Sizes) -> Maps:
    """Return the `Maps` of a record; those for gradients are empty where none are computed."""
    down, lower = a.padded_width * size.wide, a.given_width * size.wide
    far, right = a.stride_height, a.stride_width * size.wide
    backward = is_backward(a)
    pixels = max(round_up(a.height * a.width, ROWS), STRIP, size.places)
    nothing = np.empty(0, np.int64)
    return Maps(
        _grid(a.out_height, a.out_width, far * down, right, 0),
        _grid(a.out_height, a.out_width, far * lower, right, a.given_height * lower)
        if backward
        else nothing,
        _grid(a.height, a.width, lower, size.wide, 0) if backward else nothing,
        np.arange(pixels) * size.wide,
        np.arange(max(STRIP, size.wide)) * size.broad,
        np.arange(max(size.wide, size.broad)) * size.lanes,
        np.arange(max(size.wide, size.broad)),
    )


@serial
def scratch_of(a: SeparableArgs, size: Sizes, dtype_of: DtypeOf) -> Scratch:
    """Return the `Scratch` of a task; what is for gradients is as large as they are wanted."""
    dtype, wide = carray(dtype_of, (1,)).dtype, size.wide
    backward, to_x = is_backward(a), a.wants_inputs != 0
    keeps_space = a.wants_weights != 0 or not backward
    return Scratch(
        np.zeros(a.padded_height * a.padded_width * wide if keeps_space else 1, dtype),
        np.empty((2 * a.given_height * a.given_width + 1) * wide if backward else 1, dtype),
        np.zeros(round_up(a.height * a.width, ROWS) * wide if to_x else 1, dtype),
        np.empty(STRIP * wide, dtype),
        np.zeros(STRIP * size.broad, dtype),
    )


@serial
def is_backward(a: SeparableArgs) -> bool:
    """Say whether gradients are computed."""
    return bool(a.wants_inputs != 0 or a.wants_weights != 0)


@serial
def window_of(k: int, a: SeparableArgs, size: Sizes) -> MemberWindow:
    """Return the `MemberWindow` of a member."""
    row = row_of(k, a)
    area, wide = row[0] * row[1], size.wide
    down, lower = a.padded_width * wide, a.given_width * wide
    above = max(0, (row[0] - 1) * row[4] - row[2])
    before = max(0, (row[1] - 1) * row[5] - row[3])
    read, turned = np.empty(size.places, np.int64), np.empty(area, np.int64)
    place = 0
    for i in range(row[0]):
        for j in range(row[1]):
            y, x = i * row[4] - row[2], j * row[5] - row[3]
            read[place] = (a.edge_height + y) * down + (a.edge_width + x) * wide
            turned[place] = (above - y) * lower + (before - x) * wide
            place += 1
    read[area:] = read[0]
    return MemberWindow(row[6], area, read, turned, above * lower + before * wide)


@serial
def row_of(k: int, a: SeparableArgs) -> Places:
    """Return what the table of windows says of a member."""
    return whole(a.windows, (k + 1) * 7)[k * 7 :]
