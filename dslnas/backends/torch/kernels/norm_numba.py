"""Loops of batch norms: statistics of what they read, and gradients. Imports numba."""

from __future__ import annotations

import numpy as np

from dslnas.backends.torch.kernels.images import whole_pixels
from dslnas.backends.torch.kernels.jit import (
    DONE,
    Doubles,
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
from dslnas.backends.torch.kernels.moments_numba import add_pixels, merge
from dslnas.backends.torch.kernels.norm_args import NormGrad, NormStats
from dslnas.backends.torch.kernels.tiles import bounds, by_kind, pixels_of, tiled
from dslnas.backends.torch.kernels.vectors import BYTES

MEAN, INVERSE, SLOPE, OFFSET = range(4)
"""Kinds of rows in `stats`."""

DOT, SUM, TURN, SHIFT = range(4)
"""Kinds of rows in `totals`."""

_STRIP = 64
"""Pixels whose moments are taken together."""


def part_moments(number: int, args: Pointer[NormStats], dtype_of: DtypeOf) -> int:
    """Write the mean and the squared distances from it, (2, channels), of one part of one input."""
    a = args_at(args)
    k, part = divmod(number, a.parts)
    if not is_given(tensor_of(a.running_means, k)) or is_given(tensor_of(a.moments, k)):
        return DONE
    start, stop = bounds(part, a)
    first, end, pixels = start // a.channels, stop // a.channels, pixels_of(a)
    x = flat(tensor_of(a.sources, k), pixels * a.channels, dtype_of)
    moments = doubles(a.sums, 4 * (number + 1), a.channels)[4 * number :]
    moments[:] = 0
    lanes = BYTES // x.itemsize
    wide = (a.channels + lanes - 1) // lanes * lanes
    whole = whole_pixels(pixels, a.channels, wide)
    sums, last = np.empty(2 * wide, x.dtype), np.empty(wide, x.dtype)
    for low in range(first, end, _STRIP):
        high = min(end, low + _STRIP)
        add_pixels(moments, first, x, low, high, whole, sums, last, lanes)
    return DONE


@serial
def _batch_moments(k: int, a: NormStats) -> tuple[Doubles, Doubles]:
    """Return the means of an input's channels, and the squared distances from them, summed up."""
    if is_given(tensor_of(a.moments, k)):
        known = doubles(tensor_of(a.moments, k), 2, a.channels)
        return known[0], known[1]
    total = np.zeros((2, a.channels))
    for part in range(a.parts):
        (start, stop), row = bounds(part, a), 4 * (k * a.parts + part)
        others = doubles(a.sums, row + 2, a.channels)[row:]
        merge(total, start // a.channels, others, (stop - start) // a.channels)
    return total[0], total[1]


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
        is_norm = is_given(tensor_of(a.running_means, k))
        batch_means = spreads = np.empty(0)
        if is_norm and a.training != 0:
            batch_means, spreads = _batch_moments(k, a)
        for c in range(a.channels):
            mean, inverse = np.float64(0.0), np.float64(1.0)
            if is_norm:
                old_mean = flat(tensor_of(a.running_means, k), a.channels, dtype_of)
                old_variance = flat(tensor_of(a.running_variances, k), a.channels, dtype_of)
                mean, variance = np.float64(old_mean[c]), np.float64(old_variance[c])
                if a.training != 0:
                    mean, variance = batch_means[c], spreads[c]
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
