"""Loops of `pointwise_conv`: products of pixels that stand in several inputs, side by side.

Pixels are worked off in strips: what is read of all inputs is laid side by side into a strip, which
a core's first cache holds, and never written anywhere else.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import carray

from dslnas.backends.torch.kernels.images import share, whole_pixels
from dslnas.backends.torch.kernels.jit import (
    DONE,
    Doubles,
    DtypeOf,
    Places,
    Pointer,
    Values,
    args_at,
    doubles,
    flat,
    is_given,
    serial,
    tensor_of,
    whole,
)
from dslnas.backends.torch.kernels.moments_numba import add_pixels, merge
from dslnas.backends.torch.kernels.pointwise_conv_args import STRIP, PointwiseArgs
from dslnas.backends.torch.kernels.products import (
    add_product,
    fetch,
    fetch_target,
    lay_panels,
    multiply,
    sums_of,
    turns_of,
)
from dslnas.backends.torch.kernels.simd_pixels import lay, lay_relu, take, take_relu
from dslnas.backends.torch.kernels.vectors import BYTES


class _Work(NamedTuple):
    """Memory of a task, and where things lie in it.

    Attributes:
        lanes: Values of a vector.
        panels: Matrices in panels, (channels, outs) each; backward (outs of all, channels).
        strip: Pixels as they are read, `step` apart.
        gradient: Gradients of what is read of them, alike.
        given: Gradients of all results of pixels, `given_step` apart.
        last: One pixel of a result, filled up to whole blocks.
        added: Sums of moments.
        pixels: Pixels of a strip.
        outs: Pixels of a result.
        givens: Pixels of a strip of the gradients of all results.
        rows: Rows of the gradient of all matrices.
    """

    lanes: int
    panels: Values
    strip: Values
    gradient: Values
    given: Values
    last: Values
    added: Values
    pixels: Places
    outs: Places
    givens: Places
    rows: Places


@serial
def _work(task: int, a: PointwiseArgs, dtype_of: DtypeOf) -> _Work:
    """Return the memory of a task, with the matrices in it."""
    lanes = BYTES // carray(dtype_of, (1,)).itemsize
    panels = a.members * max(a.channels * a.broad, a.outs * a.wide)
    strip, gradient = panels + STRIP * a.step, panels + 2 * STRIP * a.step
    given = gradient + STRIP * a.given_step
    last, end = given + a.broad, given + 3 * a.broad
    own = flat(a.scratch, (task + 1) * end, dtype_of)[task * end :]
    own[:given] = 0
    is_backward = a.wants_inputs != 0 or a.wants_matrices != 0
    if is_backward:
        stacked = np.empty(a.members * a.outs * a.channels, own.dtype)
        for k in range(a.members):
            matrix = flat(tensor_of(a.matrices, k), a.outs * a.channels, dtype_of)
            stacked[k * a.outs * a.channels : (k + 1) * a.outs * a.channels] = matrix
        rows = a.members * a.outs
        lay_panels(own, stacked, rows, a.channels, a.channels, 1, a.wide, lanes)
    else:
        for k in range(a.members):
            matrix = flat(tensor_of(a.matrices, k), a.outs * a.channels, dtype_of)
            to = own[k * a.channels * a.broad :]
            lay_panels(to, matrix, a.channels, a.outs, 1, a.channels, a.broad, lanes)
    places = whole(a.parting, a.inputs + 3 * STRIP + a.wide)[a.inputs :]
    return _Work(
        lanes, own[:panels], own[panels:strip], own[strip:gradient], own[gradient:given],
        own[given:last], own[last:], places, places[STRIP:], places[2 * STRIP :],
        places[3 * STRIP :],
    )  # fmt: skip


@serial
def _lay(
    strip: Values, at: int, places: Places, x: Values, low: int, high: int, pixels: int,
    width: int, relu: bool, lanes: int,
) -> None:  # fmt: skip
    """Lay what is read of pixels of an input into a strip, from `at` of every place on.

    What is laid behind its channels is written over by the next input.
    """
    blocks = (width + lanes - 1) // lanes
    end = min(high, max(low, whole_pixels(pixels, width, blocks * lanes)))
    if relu:
        lay_relu(strip[at:], places, end - low, blocks, x, low * width, width, x, 0, 0)
    else:
        lay(strip[at:], places, end - low, blocks, x, low * width, width, x, 0, 0)
    for pixel in range(end, high):
        for c in range(width):
            value = x[pixel * width + c]
            if relu and value < 0:
                value = x.dtype.type(0)
            strip[places[pixel - low] + at + c] = value


@serial
def _lay_inputs(low: int, high: int, a: PointwiseArgs, work: _Work, dtype_of: DtypeOf) -> None:
    at, widths = 0, whole(a.parting, a.inputs)
    for k in range(a.inputs):
        x = flat(tensor_of(a.sources, k), a.pixels * widths[k], dtype_of)
        _lay(
            work.strip, at, work.pixels, x, low, high, a.pixels, widths[k], a.relu != 0, work.lanes
        )
        at += widths[k]


@serial
def _fetch_inputs(turn: int, turns: int, low: int, a: PointwiseArgs, dtype_of: DtypeOf) -> None:
    """Bring a share of the pixels of all inputs that are read behind a strip nearer."""
    widths = whole(a.parting, a.inputs)
    for k in range(a.inputs):
        x = flat(tensor_of(a.sources, k), a.pixels * widths[k], dtype_of)
        fetch(turn, turns, x, (low + STRIP) * widths[k], STRIP * widths[k])


@serial
def _fetch_gradients(turn: int, turns: int, low: int, a: PointwiseArgs, dtype_of: DtypeOf) -> None:
    """Do so for gradients: those of results behind a strip, those of inputs in the strip."""
    for k in range(a.members):
        g = flat(tensor_of(a.outputs, k), a.pixels * a.outs, dtype_of)
        fetch(turn, turns, g, (low + STRIP) * a.outs, STRIP * a.outs)
    widths = whole(a.parting, a.inputs)
    for k in range(a.inputs):
        target = tensor_of(a.to_inputs, k)
        if is_given(target):
            to = flat(target, a.pixels * widths[k], dtype_of)
            fetch_target(turn, turns, to, low * widths[k], STRIP * widths[k])


@serial
def _start_of(part: int, a: PointwiseArgs) -> int:
    """Return where a part begins: behind the last pixel of the one before."""
    count = (a.pixels + STRIP - 1) // STRIP
    return min(a.pixels, part * count // a.parts * STRIP)


@serial
def _strips(part: int, a: PointwiseArgs) -> range:
    """Return where the strips of a part begin."""
    return range(_start_of(part, a), _start_of(part + 1, a), STRIP)


def forward(task: int, args: Pointer[PointwiseArgs], dtype_of: DtypeOf) -> int:
    """Write the results of all members for a share of the parts."""
    a = args_at(args)
    work = _work(task, a, dtype_of)
    for part in share(a.parts, task, a.shares):
        safe = whole_pixels(_start_of(part + 1, a), a.outs, a.broad)
        for low in _strips(part, a):
            high = min(a.pixels, low + STRIP)
            _lay_inputs(low, high, a, work, dtype_of)
            end = min(high, max(low, safe))
            for k in range(a.members):
                out = flat(tensor_of(a.outputs, k), a.pixels * a.outs, dtype_of)
                panels = work.panels[k * a.channels * a.broad :]
                turns = turns_of(end - low, a.broad, work.lanes)
                for turn in range(turns):
                    fetch_target(turn, turns, out, high * a.outs, STRIP * a.outs)
                    _fetch_inputs(k * turns + turn, a.members * turns, low, a, dtype_of)
                    multiply(
                        turn, out[low * a.outs :], 0, work.outs, a.broad, work.strip, a.step,
                        end - low, a.channels, panels, work.lanes,
                    )  # fmt: skip
                for pixel in range(end, high):  # a whole block would reach into another part
                    row = work.strip[(pixel - low) * a.step :]
                    for turn in range(turns_of(1, a.broad, work.lanes)):
                        multiply(
                            turn, work.last, 0, work.outs, a.broad, row, a.step, 1, a.channels,
                            panels, work.lanes,
                        )  # fmt: skip
                    for o in range(a.outs):
                        out[pixel * a.outs + o] = work.last[o]
                if a.wants_moments != 0:
                    _add_moments(part, k, out, (low, high, safe), a, work)
    return DONE


@serial
def _add_moments(
    part: int, k: int, out: Values, bounds: tuple[int, int, int], a: PointwiseArgs, work: _Work
) -> None:
    """Add pixels of a result to the moments of a part; whole blocks are safe up to the last one."""
    low, high, safe = bounds
    first, moments = _start_of(part, a), _moments_of(part, k, a)
    if low == first:
        moments[:] = 0
    add_pixels(moments, first, out, low, high, safe, work.added, work.last, work.lanes)


@serial
def _moments_of(part: int, k: int, a: PointwiseArgs) -> Doubles:
    row = 4 * (part * a.members + k)
    moments: Doubles = doubles(a.moments, row + 4, a.outs)[row:]
    return moments


def merge_moments(k: int, args: Pointer[PointwiseArgs], dtype_of: DtypeOf) -> int:
    """Write the moments of a member's result: those of all parts."""
    a = args_at(args)
    moments = doubles(a.to_moments, 2 * k + 2, a.outs)[2 * k :]
    moments[:] = 0
    for part in range(a.parts):
        first = _start_of(part, a)
        merge(moments, first, _moments_of(part, k, a), _start_of(part + 1, a) - first)
    return DONE


def backward(task: int, args: Pointer[PointwiseArgs], dtype_of: DtypeOf) -> int:
    """Write the gradients of the inputs for a share of the parts; add up the matrices' by part.

    With g the gradients of all results side by side, W all matrices one below the other, and x what
    was read: the gradient of x is g W, without what `relu` left out; that of W is the sum over
    pixels of g times x.
    """
    a = args_at(args)
    work = _work(task, a, dtype_of)
    size = a.wide * a.given if a.wants_matrices else 0
    for part in share(a.parts, task, a.shares):
        sums = flat(a.sums, (part + 1) * size, dtype_of)[part * size :]
        sums[:] = 0
        for low in _strips(part, a):
            high = min(a.pixels, low + STRIP)
            if a.relu != 0 or a.wants_matrices != 0:
                _lay_inputs(low, high, a, work, dtype_of)
            for k in range(a.members):
                g = flat(tensor_of(a.outputs, k), a.pixels * a.outs, dtype_of)
                at = k * a.outs
                _lay(work.given, at, work.givens, g, low, high, a.pixels, a.outs, False, work.lanes)
            turns = sums_of(a.channels, a.given, work.lanes) * a.wants_matrices
            for turn in range(turns):
                _fetch_inputs(turn, turns, low, a, dtype_of)
                add_product(
                    turn, sums, 0, work.rows, a.given, work.strip, a.step, work.given,
                    a.given_step, high - low, a.channels, work.lanes,
                )  # fmt: skip
            turns = turns_of(high - low, a.wide, work.lanes) * a.wants_inputs
            for turn in range(turns):
                _fetch_gradients(turn, turns, low, a, dtype_of)
                multiply(
                    turn, work.gradient, 0, work.pixels, a.wide, work.given, a.given_step,
                    high - low, a.members * a.outs, work.panels, work.lanes,
                )  # fmt: skip
            if a.wants_inputs != 0:
                bounds = low, high, _start_of(part + 1, a)
                _take_inputs(bounds, a, work, dtype_of)
    return DONE


@serial
def _take_inputs(
    bounds: tuple[int, int, int], a: PointwiseArgs, work: _Work, dtype_of: DtypeOf
) -> None:
    """Write the gradients of some pixels of all inputs; blocks as in `separable_conv_grad`.

    `bounds` are where the pixels begin and end, and where their part does.
    """
    low, high, last = bounds
    at, lanes, widths = 0, work.lanes, whole(a.parting, a.inputs)
    total, strip = work.gradient, work.strip
    for k in range(a.inputs):
        width, target = widths[k], tensor_of(a.to_inputs, k)
        if is_given(target):
            to, blocks = flat(target, a.pixels * width, dtype_of), (width + lanes - 1) // lanes
            end = min(high, max(low, whole_pixels(last, width, blocks * lanes)))
            for c in range((blocks - 1) * lanes, -1, -lanes):
                if a.relu != 0:
                    take_relu(
                        to, low * width + c, width, total, at + c, a.step, end - low, strip,
                        at + c, work.pixels, to, work.last, 0, work.last, 0, 0,
                    )  # fmt: skip
                else:
                    take(
                        to, low * width + c, width, total, at + c, a.step, end - low, strip,
                        at + c, work.pixels, to, work.last, 0, work.last, 0, 0,
                    )  # fmt: skip
            for pixel in range(end, high):
                row = (pixel - low) * a.step + at
                for c in range(width):
                    value = total[row + c]
                    if a.relu != 0 and not strip[row + c] > 0:
                        value = to.dtype.type(0)
                    to[pixel * width + c] = value
        at += width


def gather(k: int, args: Pointer[PointwiseArgs], dtype_of: DtypeOf) -> int:
    """Add up the parts of the gradient of one member's matrix, in float64."""
    a = args_at(args)
    size = a.wide * a.given
    sums = flat(a.sums, a.parts * size, dtype_of)
    matrix = flat(tensor_of(a.to_matrices, k), a.outs * a.channels, dtype_of)
    total = np.empty(a.outs)
    for c in range(a.channels):
        total[:] = 0
        for part in range(a.parts):
            row = sums[part * size + c * a.given + k * a.outs :]
            for o in range(a.outs):
                total[o] += row[o]
        for o in range(a.outs):
            matrix[o * a.channels + c] = total[o]
    return DONE


TASKS = {
    "forward": forward,
    "merge_moments": merge_moments,
    "backward": backward,
    "gather": gather,
}
