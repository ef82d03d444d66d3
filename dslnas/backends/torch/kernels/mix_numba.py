"""Loops of `mix`: weighted sums of tensors, and their gradients. Imports numba.

Parts, see `tiles`, are worked off by *stretches*: where examples count differently, a stretch is
what a part has of an image; else it is the part.
"""

from __future__ import annotations

import numpy as np
from numba import carray

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
    whole,
)
from dslnas.backends.torch.kernels.mix_args import MixBackward, MixForward
from dslnas.backends.torch.kernels.norm_numba import MEAN, OFFSET, SHIFT, SLOPE, TURN
from dslnas.backends.torch.kernels.tiles import bounds, by_kind, tiled


@serial
def _stretch_end(start: int, stop: int, a: MixForward | MixBackward) -> int:
    """Return where the stretch ends that starts there, in a part that stops there."""
    if a.counted == 0:
        return stop
    image = a.height * a.width * a.channels
    return min(stop, (start // image + 1) * image)


@serial
def _counts_of(start: int, a: MixForward | MixBackward, dtype_of: DtypeOf) -> Values:
    """Return by input how much the stretch counts that starts there, (inputs,)."""
    counts: Values = np.ones(a.inputs, carray(dtype_of, (1,)).dtype)
    if a.counted != 0:
        example = start // (a.height * a.width * a.channels)
        for k in range(a.inputs):
            if is_given(tensor_of(a.counts, k)):
                counts[k] = flat(tensor_of(a.counts, k), a.batch, dtype_of)[example]
    return counts


@serial
def _scaled(numbers: Doubles, counts: Values) -> Doubles:
    """Return rows times what each counts."""
    scaled = np.empty_like(numbers)
    for k in range(len(numbers)):
        for c in range(numbers.shape[1]):
            scaled[k, c] = numbers[k, c] * counts[k]
    return scaled


@serial
def _total(numbers: Doubles) -> Doubles:
    """Return the sum of rows, as a row."""
    total = np.zeros((1, numbers.shape[1]))
    for k in range(len(numbers)):
        for c in range(numbers.shape[1]):
            total[0, c] += numbers[k, c]
    return total


def forward(part: int, args: Pointer[MixForward], dtype_of: DtypeOf) -> int:
    """Write one part of the sum over k of count_k * (slope_k * y_k + offset_k)."""
    a = args_at(args)
    start, stop = bounds(part, a)
    while start < stop:
        end, counts = _stretch_end(start, stop, a), _counts_of(start, a, dtype_of)
        slope = tiled(_scaled(by_kind(a.stats, SLOPE, a), counts), a, dtype_of)
        offset = tiled(_total(_scaled(by_kind(a.stats, OFFSET, a), counts)), a, dtype_of)[0]
        for low in range(start, end, a.lanes):
            high, is_empty = min(low + a.lanes, end), True
            out = flat(a.target, high, dtype_of)[low:]
            for k in range(a.inputs):
                if counts[k] == 0:
                    continue
                y, scale = flat(tensor_of(a.sources, k), high, dtype_of)[low:], slope[k]
                if is_empty:
                    for m in range(out.size):
                        out[m] = offset[m] + scale[m] * y[m]
                    is_empty = False
                else:
                    for m in range(out.size):
                        out[m] += scale[m] * y[m]
            if is_empty:
                out[:] = 0
        start = end
    return DONE


def part_dots(part: int, args: Pointer[MixBackward], dtype_of: DtypeOf) -> int:
    """Write one part of the sums over pixels of count_k * g * (y_k - mean_k), and of count_k * g.

    The former are left out for an input that is missing.
    """
    a = args_at(args)
    start, stop = bounds(part, a)
    center = tiled(by_kind(a.stats, MEAN, a), a, dtype_of)
    rows = 2 * a.inputs
    dots = doubles(a.sums, a.parts * rows, a.channels)[part * rows : (part + 1) * rows]
    dots[:] = 0
    while start < stop:
        end, counts = _stretch_end(start, stop, a), _counts_of(start, a, dtype_of)
        sums = np.zeros((a.inputs + 1, a.lanes), center.dtype)
        for low in range(start, end, a.lanes):
            high = min(low + a.lanes, end)
            g, total = flat(a.gradient, high, dtype_of)[low:], sums[a.inputs]
            for m in range(g.size):
                total[m] += g[m]
            for k in range(a.inputs):
                source = tensor_of(a.sources, k)
                if is_given(source) and counts[k] != 0:
                    y, middle, total = flat(source, high, dtype_of)[low:], center[k], sums[k]
                    for m in range(g.size):
                        total[m] += g[m] * (y[m] - middle[m])
        for k in range(a.inputs):
            count = np.float64(counts[k])
            for c in range(a.channels):
                for m in range(c, a.lanes, a.channels):
                    dots[k, c] += count * sums[k, m]
                    dots[a.inputs + k, c] += count * sums[a.inputs, m]
        start = end
    return DONE


def backward(part: int, args: Pointer[MixBackward], dtype_of: DtypeOf) -> int:
    """Write one part of the gradients that are wanted.

    That is slope_k * count_k * g + turn_k * y_k + shift_k where the batch's statistics were used,
    and slope_k * count_k * g elsewhere.
    """
    a = args_at(args)
    start, stop = bounds(part, a)
    turns = tiled(by_kind(a.totals, TURN, a), a, dtype_of)
    shifts = tiled(by_kind(a.totals, SHIFT, a), a, dtype_of)
    while start < stop:
        end, counts = _stretch_end(start, stop, a), _counts_of(start, a, dtype_of)
        slope = tiled(_scaled(by_kind(a.stats, SLOPE, a), counts), a, dtype_of)
        for low in range(start, end, a.lanes):
            high = min(low + a.lanes, end)
            g = flat(a.gradient, high, dtype_of)[low:]
            for k in range(a.inputs):
                target = tensor_of(a.targets, k)
                if not is_given(target):
                    continue
                out, scale = flat(target, high, dtype_of)[low:], slope[k]
                if whole(a.normalised, a.inputs)[k] != 0:
                    y = flat(tensor_of(a.sources, k), high, dtype_of)[low:]
                    turn, shift = turns[k], shifts[k]
                    for m in range(out.size):
                        out[m] = scale[m] * g[m] + (turn[m] * y[m] + shift[m])
                else:
                    for m in range(out.size):
                        out[m] = scale[m] * g[m]
        start = end
    return DONE


TASKS = {"forward": forward, "part_dots": part_dots, "backward": backward}
