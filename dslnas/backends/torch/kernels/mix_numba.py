"""Loops of `mix`: statistics, weighted sums of tensors, and their gradients.

A tensor is cut into *tiles* of whole pixels, `lanes` values each, and into *parts* of whole tiles.
Every place of a tile is a *lane*, in which a part is summed up in the tensor's own precision;
lanes and parts are added in float64, in order. Parts depend on the size of a tensor alone, so the
number of threads changes no bit of a result.
"""

from __future__ import annotations

import numpy as np

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
    table,
    tensor_of,
    whole,
)
from dslnas.backends.torch.kernels.mix_args import MixBackward, MixForward, MixSizes


@serial
def _pixels(a: MixSizes) -> int:
    """Return the number of values of a channel."""
    return a.batch * a.height * a.width


@serial
def _bounds(part: int, a: MixSizes) -> tuple[int, int]:
    """Return where a part starts and ends."""
    total = _pixels(a) * a.channels
    tiles = (total + a.lanes - 1) // a.lanes
    start = part * tiles // a.parts * a.lanes
    return start, min(total, (part + 1) * tiles // a.parts * a.lanes)


@serial
def _tiled(numbers: Values, a: MixSizes) -> Values:
    """Return numbers per channel (rows, channels), repeated for every lane: (rows, lanes)."""
    lanes = np.empty((len(numbers), a.lanes), numbers.dtype)
    for k in range(len(numbers)):
        for low in range(0, a.lanes, a.channels):
            for c in range(a.channels):
                lanes[k, low + c] = numbers[k, c]
    return lanes


@serial
def _stats(a: MixForward | MixBackward, dtype_of: DtypeOf) -> tuple[Values, Values, Values, Values]:
    """Return mean, inverse and slope, (inputs, channels) each, and the offset, (1, channels)."""
    rows, k = table(a.stats, 3 * a.inputs + 1, a.channels, dtype_of), a.inputs
    return rows[:k], rows[k : 2 * k], rows[2 * k : 3 * k], rows[3 * k :]


def part_moments(number: int, args: Pointer[MixForward], dtype_of: DtypeOf) -> int:
    """Write the mean and the squared distances from it, (2, channels), of one part of one input.

    Every lane is shifted by its first value, so that a large mean costs no digits.
    """
    a = args_at(args)
    k, part = divmod(number, a.parts)
    if not is_given(tensor_of(a.running_means, k)):
        return DONE
    start, stop = _bounds(part, a)
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
def _batch_moments(k: int, c: int, a: MixForward) -> tuple[np.float64, np.float64]:
    """Return the mean of a channel of an input, and the squared distances from it, summed up."""
    moments = doubles(a.sums, a.inputs * a.parts * 2, a.channels)
    center = spread = np.float64(0.0)
    for part in range(a.parts):
        start, stop = _bounds(part, a)
        center += moments[2 * (k * a.parts + part), c] * ((stop - start) // a.channels)
    center /= _pixels(a)
    for part in range(a.parts):
        start, stop = _bounds(part, a)
        apart = moments[2 * (k * a.parts + part), c] - center
        here = (stop - start) // a.channels
        spread += moments[2 * (k * a.parts + part) + 1, c] + here * apart * apart
    return center, spread


def finalize_stats(number: int, args: Pointer[MixForward], dtype_of: DtypeOf) -> int:
    """Write every input's mean, 1 / sqrt(variance + eps), slope and all inputs' offset together.

    An input without running statistics is taken as it is: 0 and 1. In training the statistics are
    the batch's (of `part_moments`) and, with `tracking`, the running ones follow them.
    """
    a = args_at(args)
    mean, inverse, slope, offset = _stats(a, dtype_of)
    factors = flat(a.factors, a.inputs, dtype_of)
    pixels = _pixels(a)
    for c in range(a.channels):
        shift = np.float64(0.0)
        for k in range(a.inputs):
            center, scale = np.float64(0.0), np.float64(1.0)
            if is_given(tensor_of(a.running_means, k)):
                old_mean = flat(tensor_of(a.running_means, k), a.channels, dtype_of)
                old_variance = flat(tensor_of(a.running_variances, k), a.channels, dtype_of)
                center, variance = np.float64(old_mean[c]), np.float64(old_variance[c])
                if a.training != 0:
                    center, variance = _batch_moments(k, c, a)
                    if a.tracking != 0:
                        unbiased = variance / (pixels - 1)
                        old_mean[c] += a.momentum * (center - old_mean[c])
                        old_variance[c] += a.momentum * (unbiased - old_variance[c])
                    variance /= pixels
                scale = 1.0 / np.sqrt(variance + a.eps)
            mean[k, c] = center
            inverse[k, c] = scale
            scale *= factors[k]
            slope[k, c] = scale
            shift -= scale * center
        offset[0, c] = shift
    return DONE


def forward(part: int, args: Pointer[MixForward], dtype_of: DtypeOf) -> int:
    """Write one part of the sum over k of slope_k * y_k, plus the offset."""
    a = args_at(args)
    start, stop = _bounds(part, a)
    _, _, slopes, offsets = _stats(a, dtype_of)
    slope, offset = _tiled(slopes, a), _tiled(offsets, a)[0]
    for low in range(start, stop, a.lanes):
        high = min(low + a.lanes, stop)
        out = flat(a.target, high, dtype_of)[low:]
        for k in range(a.inputs):
            y, scale = flat(tensor_of(a.sources, k), high, dtype_of)[low:], slope[k]
            if k == 0:
                for m in range(out.size):
                    out[m] = offset[m] + scale[m] * y[m]
            else:
                for m in range(out.size):
                    out[m] += scale[m] * y[m]
    return DONE


def part_dots(part: int, args: Pointer[MixBackward], dtype_of: DtypeOf) -> int:
    """Write one part of the sums over pixels of g * (y_k - mean_k) per input, and of g at the end.

    An input that is missing is left out.
    """
    a = args_at(args)
    start, stop = _bounds(part, a)
    center = _tiled(_stats(a, dtype_of)[0], a)
    sums = np.zeros((a.inputs + 1, a.lanes), center.dtype)
    for low in range(start, stop, a.lanes):
        high = min(low + a.lanes, stop)
        g, total = flat(a.gradient, high, dtype_of)[low:], sums[a.inputs]
        for m in range(g.size):
            total[m] += g[m]
        for k in range(a.inputs):
            source = tensor_of(a.sources, k)
            if is_given(source):
                y, middle, total = flat(source, high, dtype_of)[low:], center[k], sums[k]
                for m in range(g.size):
                    total[m] += g[m] * (y[m] - middle[m])
    rows = a.inputs + 1
    dots = doubles(a.sums, a.parts * rows, a.channels)[part * rows :]
    for k in range(rows):
        for c in range(a.channels):
            dots[k, c] = 0.0
            for m in range(c, a.lanes, a.channels):
                dots[k, c] += sums[k, m]
    return DONE


def reduce_grad(number: int, args: Pointer[MixBackward], dtype_of: DtypeOf) -> int:
    """Add up the parts of the sums, and write what `backward` needs of them.

    With n pixels, G the sum of g and D_k that of g * yhat_k, where yhat_k is the normalised input:
    slope_k * (g - G / n - yhat_k * D_k / n) = slope_k * g + y_slope_k * y_k + y_shift_k.
    """
    a = args_at(args)
    rows = a.inputs + 1
    dots = doubles(a.sums, a.parts * rows, a.channels)
    products = doubles(a.products, rows, a.channels)
    mean, inverse, slope, _ = _stats(a, dtype_of)
    factors = table(a.factors, 2 * a.inputs, a.channels, dtype_of)
    y_slope, y_shift = factors[: a.inputs], factors[a.inputs :]
    pixels = _pixels(a)
    for k in range(rows):
        for c in range(a.channels):
            total = 0.0
            for part in range(a.parts):
                total += dots[part * rows + k, c]
            products[k, c] = total * inverse[k, c] if k < a.inputs else total
    for k in range(a.inputs):
        for c in range(a.channels):
            turn = -np.float64(slope[k, c]) * inverse[k, c] * products[k, c] / pixels
            y_slope[k, c] = turn
            y_shift[k, c] = (
                -np.float64(slope[k, c]) * products[a.inputs, c] / pixels - turn * mean[k, c]
            )
    return DONE


def backward(part: int, args: Pointer[MixBackward], dtype_of: DtypeOf) -> int:
    """Write one part of the gradients that are wanted.

    That is slope_k * g + y_slope_k * y_k + y_shift_k where the batch's statistics were used, and
    slope_k * g elsewhere.
    """
    a = args_at(args)
    start, stop = _bounds(part, a)
    slope = _tiled(_stats(a, dtype_of)[2], a)
    factors = _tiled(table(a.factors, 2 * a.inputs, a.channels, dtype_of), a)
    y_slope, y_shift = factors[: a.inputs], factors[a.inputs :]
    for low in range(start, stop, a.lanes):
        high = min(low + a.lanes, stop)
        g = flat(a.gradient, high, dtype_of)[low:]
        for k in range(a.inputs):
            target = tensor_of(a.targets, k)
            if not is_given(target):
                continue
            out, scale = flat(target, high, dtype_of)[low:], slope[k]
            if whole(a.normalised, a.inputs)[k] != 0:
                y = flat(tensor_of(a.sources, k), high, dtype_of)[low:]
                turn, shift = y_slope[k], y_shift[k]
                for m in range(out.size):
                    out[m] = scale[m] * g[m] + (turn[m] * y[m] + shift[m])
            else:
                for m in range(out.size):
                    out[m] = scale[m] * g[m]
    return DONE


TASKS = {
    "part_moments": part_moments,
    "finalize_stats": finalize_stats,
    "forward": forward,
    "part_dots": part_dots,
    "reduce_grad": reduce_grad,
    "backward": backward,
}
