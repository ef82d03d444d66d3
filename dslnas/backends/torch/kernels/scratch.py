"""Where convolutions of single channels keep what they work on: spaces with zeros around, and maps.

Channels are filled up to whole vectors, so that no loop asks where a pixel ends.
"""

from __future__ import annotations

from typing import NamedTuple

from numba import carray

from dslnas.backends.torch.kernels.jit import (
    DtypeOf,
    Places,
    Values,
    doubles,
    flat,
    serial,
    tensor_of,
    whole,
)
from dslnas.backends.torch.kernels.norm_numba import MEAN, OFFSET, SLOPE
from dslnas.backends.torch.kernels.products import lay_panels
from dslnas.backends.torch.kernels.separable_conv_args import BLOCK, SeparableArgs
from dslnas.backends.torch.kernels.vectors import BYTES


class Maps(NamedTuple):
    """Where things lie, one number each.

    Attributes:
        lanes: Values of a vector.
        laid: Input pixels in the space of an input.
        own: Input pixels in the space of the gradient.
        read: Output pixels in the space of an input: from where their window is read.
        given: Output pixels in the space of the gradient, from its first.
        outs: Pixels of results.
        broad: Rows of the gradient of a matrix.
        rows: Pixels, or places of a kernel, one after the other.
    """

    lanes: int
    laid: Places
    own: Places
    read: Places
    given: Places
    outs: Places
    broad: Places
    rows: Places


class Scratch(NamedTuple):
    """Memory of a task.

    Attributes:
        space: An input with zeros around it.
        kernels: Weights by member, (places, channels).
        matrices: Weights by member, in panels of columns.
        stats: Mean, slope and offset by input, (3, channels).
        added: Sums over pixels: of the gradient, and of its products; forward those of moments.
        strip: Results of a depthwise convolution, for one strip.
        last: Pixels that end an image, filled up to whole blocks.
        between: The gradient of a result, with zeros around it and between its pixels.
        total: The gradient of an input.
    """

    space: Values
    kernels: Values
    matrices: Values
    stats: Values
    added: Values
    strip: Values
    last: Values
    between: Values
    total: Values


class MemberWindow(NamedTuple):
    """A member's window.

    Attributes:
        source: Number of the input that it reads.
        area: Places of its kernel.
        read: Where they lie in the space of the input, from an output pixel's own.
        turned: Where they lie in that of the gradient, from an input pixel's own: what is read at a
            distance forward is read from backward.
        first: Where the gradient begins in its space.
        rows: Rows of its kernel.
        columns: Columns of its kernel.
        apart: How many pixels they are apart.
    """

    source: int
    area: int
    read: Places
    turned: Places
    first: int
    rows: int
    columns: int
    apart: int


@serial
def maps_of(a: SeparableArgs, dtype_of: DtypeOf) -> Maps:
    """Return the `Maps` of a record."""
    own, given = a.height * a.width, a.out_height * a.out_width
    laid = 2 * a.members * a.places
    read, outs = laid + 2 * own, laid + 2 * own + 2 * given
    broad, places = outs + given, whole(a.maps, a.maps_size)
    return Maps(
        BYTES // carray(dtype_of, (1,)).itemsize, places[laid:], places[laid + own :],
        places[read:], places[read + given :], places[outs:], places[broad:],
        places[broad + a.wide :],
    )  # fmt: skip


@serial
def is_backward(a: SeparableArgs) -> bool:
    """Say whether gradients are computed."""
    return bool(a.wants_inputs != 0 or a.wants_weights != 0)


@serial
def scratch_of(task: int, a: SeparableArgs, dtype_of: DtypeOf) -> Scratch:
    """Return the `Scratch` of a task, with weights and statistics in it."""
    backward, lanes = is_backward(a), BYTES // carray(dtype_of, (1,)).itemsize
    space = a.padded_height * a.padded_width * a.wide
    kernels = space + a.members * a.area * a.wide
    matrices = kernels + a.members * a.wide * a.broad
    stats = matrices + 3 * a.sources * a.wide
    added = stats + 2 * (a.wide if backward else a.broad)
    strip = added + a.strip * a.out_width * a.wide
    last = strip + BLOCK * a.broad
    between = last + a.given_height * a.given_width * a.wide * backward
    end = between + a.height * a.width * a.wide * backward
    own = flat(a.scratch, (task + 1) * end, dtype_of)[task * end :]
    own[:added] = 0
    scratch = Scratch(
        own[:space], own[space:kernels], own[kernels:matrices], own[matrices:stats],
        own[stats:added], own[added:strip], own[strip:last], own[last:between], own[between:],
    )  # fmt: skip
    for k in range(a.members):
        _lay_kernel(scratch.kernels, k, a, dtype_of)
        panels = scratch.matrices[k * a.wide * a.broad :]
        matrix = flat(tensor_of(a.matrices, k), a.outs * a.channels, dtype_of)
        if backward:
            lay_panels(panels, matrix, a.outs, a.channels, a.channels, 1, a.wide, lanes)
        else:
            lay_panels(panels, matrix, a.channels, a.outs, 1, a.channels, a.broad, lanes)
    if a.normalised != 0:
        _lay_stats(scratch.stats, a)
    return scratch


@serial
def _lay_stats(stats: Values, a: SeparableArgs) -> None:
    rows = doubles(a.stats, 4 * a.sources, a.channels)
    for number, kind in enumerate((MEAN, SLOPE, OFFSET)):
        for source in range(a.sources):
            for c in range(a.channels):
                stats[(3 * source + number) * a.wide + c] = rows[kind * a.sources + source, c]


@serial
def _lay_kernel(kernels: Values, k: int, a: SeparableArgs, dtype_of: DtypeOf) -> None:
    row = row_of(k, a)
    area = row[0] * row[1]
    kernel = flat(tensor_of(a.kernels, k), a.channels * area, dtype_of)
    for c in range(a.channels):
        for place in range(area):
            kernels[(k * a.area + place) * a.wide + c] = kernel[c * area + place]


@serial
def window_of(k: int, a: SeparableArgs) -> MemberWindow:
    """Return the `MemberWindow` of a member."""
    row, at = row_of(k, a), 2 * k * a.places
    places = whole(a.maps, a.maps_size)
    above = max(0, (row[0] - 1) * row[4] - row[2])
    before = max(0, (row[1] - 1) * row[5] - row[3])
    first = (above * a.given_width + before) * a.wide
    return MemberWindow(
        row[6], row[0] * row[1], places[at:], places[at + a.places :], first, row[0], row[1], row[5]
    )


@serial
def row_of(k: int, a: SeparableArgs) -> Places:
    """Return what the table of windows says of a member."""
    return whole(a.windows, (k + 1) * 7)[k * 7 :]
