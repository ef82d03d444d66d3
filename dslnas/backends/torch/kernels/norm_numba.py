"""Loops of batch norms: statistics of what they read, and gradients. Imports numba."""

from __future__ import annotations

import numpy as np

from dslnas.backends.torch.kernels.jit import (
    DONE,
    DtypeOf,
    Pointer,
    args_at,
    doubles,
    flat,
    is_given,
    serial,
    tensor_of,
    whole,
)
from dslnas.backends.torch.kernels.kernel_args import Buffer
from dslnas.backends.torch.kernels.norm_args import NormGrad, NormStats
from dslnas.backends.torch.kernels.tiles import bounds, by_kind, pixels_of, tiled

MEAN, INVERSE, SLOPE, OFFSET = range(4)
"""Kinds of rows in `stats`."""

DOT, SUM, TURN, SHIFT = range(4)
"""Kinds of rows in `totals`."""


def part_moments(number: int, args: Pointer[NormStats], dtype_of: DtypeOf) -> int:
    """Write the mean and the squared distances from it, (2, channels), of one part of one input.

    Every lane is shifted by its first value, so that a large mean costs no digits.
    """
    a = args_at(args)
    k, part = divmod(number, a.parts)
    if not is_given(tensor_of(a.running_means, k)):
        return DONE
    start, stop = bounds(part, a)
    x = flat(tensor_of(a.sources, k), stop, dtype_of)
    lanes = min(a.lanes, stop - start)
    full, rest = divmod(stop - start, lanes)
    first = x[start : start + lanes]
    sums, squares = np.zeros(lanes, x.dtype), np.zeros(lanes, x.dtype)
    for low in range(start + lanes, stop, lanes):
        tile = x[low : min(low + lanes, stop)]
        for m in range(tile.size):
            distance = tile[m] - first[m]
            sums[m] += distance
            squares[m] += distance * distance
    moments = doubles(a.sums, a.inputs * a.parts * 2, a.channels)[2 * number : 2 * number + 2]
    pixels = (stop - start) // a.channels
    for c in range(a.channels):
        total = 0.0
        for m in range(c, lanes, a.channels):
            total += (full + (m < rest)) * np.float64(first[m]) + sums[m]
        center, spread = total / pixels, 0.0
        for m in range(c, lanes, a.channels):
            mean = np.float64(sums[m]) / (full + (m < rest))
            apart = first[m] + mean - center
            spread += squares[m] - sums[m] * mean + (full + (m < rest)) * apart * apart
        moments[0, c] = center
        moments[1, c] = spread
    return DONE


@serial
def _batch_moments(k: int, c: int, a: NormStats) -> tuple[np.float64, np.float64]:
    """Return the mean of a channel of an input, and the squared distances from it, summed up."""
    moments = doubles(a.sums, a.inputs * a.parts * 2, a.channels)
    center = spread = np.float64(0.0)
    for part in range(a.parts):
        start, stop = bounds(part, a)
        center += moments[2 * (k * a.parts + part), c] * ((stop - start) // a.channels)
    center /= pixels_of(a)
    for part in range(a.parts):
        start, stop = bounds(part, a)
        apart = moments[2 * (k * a.parts + part), c] - center
        here = (stop - start) // a.channels
        spread += moments[2 * (k * a.parts + part) + 1, c] + here * apart * apart
    return center, spread


@serial
def _number(numbers: Buffer, place: int, otherwise: float, dtype_of: DtypeOf) -> np.float64:
    """Return a number of a tensor; another one where there is no tensor."""
    if is_given(numbers):
        return np.float64(flat(numbers, place + 1, dtype_of)[place])
    return np.float64(otherwise)


def finalize_stats(number: int, args: Pointer[NormStats], dtype_of: DtypeOf) -> int:
    """Write every input's mean, 1 / sqrt(variance + eps), slope and offset.

    An input without running statistics is taken as it is: 0 and 1. In training the statistics are
    the batch's (of `part_moments`) and, with `tracking`, the running ones follow them.
    """
    a = args_at(args)
    means, inverses = by_kind(a.stats, MEAN, a), by_kind(a.stats, INVERSE, a)
    slopes, offsets = by_kind(a.stats, SLOPE, a), by_kind(a.stats, OFFSET, a)
    pixels = pixels_of(a)
    for k in range(a.inputs):
        factor = _number(a.factors, k, 1.0, dtype_of)
        scale, offset = tensor_of(a.scales, k), tensor_of(a.offsets, k)
        for c in range(a.channels):
            mean, inverse = np.float64(0.0), np.float64(1.0)
            if is_given(tensor_of(a.running_means, k)):
                old_mean = flat(tensor_of(a.running_means, k), a.channels, dtype_of)
                old_variance = flat(tensor_of(a.running_variances, k), a.channels, dtype_of)
                mean, variance = np.float64(old_mean[c]), np.float64(old_variance[c])
                if a.training != 0:
                    mean, variance = _batch_moments(k, c, a)
                    if a.tracking != 0:
                        unbiased = variance / (pixels - 1)
                        old_mean[c] += a.momentum * (mean - old_mean[c])
                        old_variance[c] += a.momentum * (unbiased - old_variance[c])
                    variance /= pixels
                inverse = 1.0 / np.sqrt(variance + a.eps)
            slope = inverse * factor * _number(scale, c, 1.0, dtype_of)
            means[k, c] = mean
            inverses[k, c] = inverse
            slopes[k, c] = slope
            offsets[k, c] = factor * _number(offset, c, 0.0, dtype_of) - slope * mean
    return DONE


def reduce_grad(number: int, args: Pointer[NormGrad], dtype_of: DtypeOf) -> int:
    """Add up the sums over pixels, and write what gradients need of them.

    With n pixels, G_k the sum of g and D_k that of g * yhat_k, where yhat_k is the normalised
    input: slope_k * (g - G_k / n - yhat_k * D_k / n) = slope_k * g + turn_k * y_k + shift_k.
    """
    a = args_at(args)
    rows, pixels = 2 * a.inputs, pixels_of(a)
    sums = doubles(a.sums, a.summands * rows, a.channels)
    means, inverses = by_kind(a.stats, MEAN, a), by_kind(a.stats, INVERSE, a)
    slopes = by_kind(a.stats, SLOPE, a)
    dots, totals = by_kind(a.totals, DOT, a), by_kind(a.totals, SUM, a)
    turns, shifts = by_kind(a.totals, TURN, a), by_kind(a.totals, SHIFT, a)
    for k in range(a.inputs):
        is_normalised = whole(a.normalised, a.inputs)[k] != 0
        for c in range(a.channels):
            dot = total = 0.0
            for part in range(a.summands):
                dot += sums[part * rows + k, c]
                total += sums[part * rows + a.inputs + k, c]
            dot *= inverses[k, c]
            dots[k, c] = dot
            totals[k, c] = total
            turn = shift = 0.0
            if is_normalised:
                turn = -slopes[k, c] * inverses[k, c] * dot / pixels
                shift = -slopes[k, c] * total / pixels - turn * means[k, c]
            turns[k, c] = turn
            shifts[k, c] = shift
    return DONE


def norm_grad(number: int, args: Pointer[NormGrad], dtype_of: DtypeOf) -> int:
    """Turn one part of the gradient of one norm into that of its input, in place."""
    a = args_at(args)
    k, part = divmod(number, a.parts)
    target = tensor_of(a.targets, k)
    if not is_given(target):
        return DONE
    start, stop = bounds(part, a)
    slope = tiled(by_kind(a.stats, SLOPE, a)[k : k + 1], a, dtype_of)[0]
    turn = tiled(by_kind(a.totals, TURN, a)[k : k + 1], a, dtype_of)[0]
    shift = tiled(by_kind(a.totals, SHIFT, a)[k : k + 1], a, dtype_of)[0]
    for low in range(start, stop, a.lanes):
        high = min(low + a.lanes, stop)
        g = flat(target, high, dtype_of)[low:]
        if whole(a.normalised, a.inputs)[k] != 0:
            y = flat(tensor_of(a.sources, k), high, dtype_of)[low:]
            for m in range(g.size):
                g[m] = slope[m] * g[m] + (turn[m] * y[m] + shift[m])
        else:
            for m in range(g.size):
                g[m] *= slope[m]
    return DONE


TASKS = {
    "part_moments": part_moments,
    "finalize_stats": finalize_stats,
    "reduce_grad": reduce_grad,
    "norm_grad": norm_grad,
}
