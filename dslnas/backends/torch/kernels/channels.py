"""Tasks over values per channel: statistics, weighted sums of tensors, and their gradients.

A tensor is cut into *tiles* of whole pixels, `lanes` values each, and into *parts* of whole tiles.
Every place of a tile is a *lane*, in which a part is summed up in the tensor's own precision;
lanes and parts are added in float64, in order. Parts depend on the size of a tensor alone, so the
number of threads changes no bit of a result. The record is `records.BLEND`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray

from dslnas.backends.torch.kernels.jit import doubles, flat, serial, table, whole


@serial
def _bounds(part: int, a: Any) -> tuple[int, int]:
    """Return where a part starts and ends."""
    tiles = (a.total + a.lanes - 1) // a.lanes
    start = part * tiles // a.parts * a.lanes
    return start, min(a.total, (part + 1) * tiles // a.parts * a.lanes)


@serial
def _tiled(address: int, rows: int, a: Any, like: Any) -> Any:
    """Return numbers per channel (rows, channels), repeated for every lane: (rows, lanes)."""
    numbers = table(address, rows, a.channels, like)
    lanes = np.empty((rows, a.lanes), numbers.dtype)
    for k in range(rows):
        for low in range(0, a.lanes, a.channels):
            for c in range(a.channels):
                lanes[k, low + c] = numbers[k, c]
    return lanes


def part_moments(number: Any, told: Any, like: Any) -> None:
    """Write the mean and the squared distances from it, (2, channels), of one part of one input.

    Every lane is shifted by its first value, so that a large mean costs no digits.
    """
    a = carray(told, (1,))[0]
    k, part = divmod(number, a.parts)
    if whole(a.running_means, a.inputs)[k] == 0:
        return
    start, stop = _bounds(part, a)
    x = flat(whole(a.sources, a.inputs)[k], stop, like)
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
    found = doubles(a.sums, a.inputs * a.parts * 2, a.channels)[2 * number : 2 * number + 2]
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
        found[0, c] = center
        found[1, c] = spread


def settle(number: Any, told: Any, like: Any) -> None:
    """Write every input's mean, 1 / sqrt(variance + eps), slope and all inputs' offset together.

    An input without running statistics is taken as it is: 0 and 1. In training the statistics are
    the batch's (of `part_moments`) and, with `tracking`, the running ones follow them.
    """
    a = carray(told, (1,))[0]
    mean = table(a.mean, a.inputs, a.channels, like)
    inverse = table(a.inverse, a.inputs, a.channels, like)
    slope = table(a.slope, a.inputs, a.channels, like)
    offset = flat(a.offset, a.channels, like)
    factors = flat(a.factors, a.inputs, like)
    found = doubles(a.sums, a.inputs * a.parts * 2, a.channels)
    pixels = a.total // a.channels
    for c in range(a.channels):
        shift = np.float64(0.0)
        for k in range(a.inputs):
            center, scale = np.float64(0.0), np.float64(1.0)
            if whole(a.running_means, a.inputs)[k] != 0:
                old_mean = flat(whole(a.running_means, a.inputs)[k], a.channels, like)
                old_variance = flat(whole(a.running_variances, a.inputs)[k], a.channels, like)
                center, variance = np.float64(old_mean[c]), np.float64(old_variance[c])
                if a.training != 0:
                    center = variance = np.float64(0.0)
                    for part in range(a.parts):
                        start, stop = _bounds(part, a)
                        here = (stop - start) // a.channels
                        center += found[2 * (k * a.parts + part), c] * here
                    center /= pixels
                    for part in range(a.parts):
                        start, stop = _bounds(part, a)
                        here = (stop - start) // a.channels
                        apart = found[2 * (k * a.parts + part), c] - center
                        variance += found[2 * (k * a.parts + part) + 1, c] + here * apart * apart
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
        offset[c] = shift


def combine(part: Any, told: Any, like: Any) -> None:
    """Write one part of the sum over k of slope_k * y_k, plus the offset."""
    a = carray(told, (1,))[0]
    start, stop = _bounds(part, a)
    sources = whole(a.sources, a.inputs)
    slope, offset = _tiled(a.slope, a.inputs, a, like), _tiled(a.offset, 1, a, like)[0]
    for low in range(start, stop, a.lanes):
        high = min(low + a.lanes, stop)
        out = flat(a.target, high, like)[low:]
        for k in range(a.inputs):
            y, scale = flat(sources[k], high, like)[low:], slope[k]
            if k == 0:
                for m in range(out.size):
                    out[m] = offset[m] + scale[m] * y[m]
            else:
                for m in range(out.size):
                    out[m] += scale[m] * y[m]


def part_dots(part: Any, told: Any, like: Any) -> None:
    """Write one part of the sums over pixels of g * (y_k - mean_k) per input, and of g at the end.

    An input whose address is 0 is left out.
    """
    a = carray(told, (1,))[0]
    start, stop = _bounds(part, a)
    sources = whole(a.sources, a.inputs)
    center = _tiled(a.mean, a.inputs, a, like)
    sums = np.zeros((a.inputs + 1, a.lanes), center.dtype)
    for low in range(start, stop, a.lanes):
        high = min(low + a.lanes, stop)
        g = flat(a.gradient, high, like)[low:]
        total = sums[a.inputs]
        for m in range(g.size):
            total[m] += g[m]
        for k in range(a.inputs):
            if sources[k] != 0:
                y, middle, total = flat(sources[k], high, like)[low:], center[k], sums[k]
                for m in range(g.size):
                    total[m] += g[m] * (y[m] - middle[m])
    found = doubles(a.sums, a.parts * (a.inputs + 1), a.channels)[part * (a.inputs + 1) :]
    for k in range(a.inputs + 1):
        for c in range(a.channels):
            found[k, c] = 0.0
            for m in range(c, a.lanes, a.channels):
                found[k, c] += sums[k, m]


def bend(number: Any, told: Any, like: Any) -> None:
    """Add up the parts of the sums, and write what `spread` needs of them.

    With n pixels, G the sum of g and D_k that of g * yhat_k, where yhat_k is the normalised input:
    slope_k * (g - G / n - yhat_k * D_k / n) = slope_k * g + bend_k * y_k + shift_k.
    """
    a = carray(told, (1,))[0]
    rows = a.inputs + 1
    found = doubles(a.sums, a.parts * rows, a.channels)
    products, level = doubles(a.products, a.inputs, a.channels), doubles(a.level, 1, a.channels)
    mean = table(a.mean, a.inputs, a.channels, like)
    inverse = table(a.inverse, a.inputs, a.channels, like)
    slope = table(a.slope, a.inputs, a.channels, like)
    bends = table(a.bend, a.inputs, a.channels, like)
    shift = table(a.shift, a.inputs, a.channels, like)
    pixels = a.total // a.channels
    for k in range(rows):
        for c in range(a.channels):
            total = 0.0
            for part in range(a.parts):
                total += found[part * rows + k, c]
            if k < a.inputs:
                products[k, c] = total * inverse[k, c]
            else:
                level[0, c] = total
    for k in range(a.inputs):
        for c in range(a.channels):
            turn = -np.float64(slope[k, c]) * inverse[k, c] * products[k, c] / pixels
            bends[k, c] = turn
            shift[k, c] = -np.float64(slope[k, c]) * level[0, c] / pixels - turn * mean[k, c]


def spread(part: Any, told: Any, like: Any) -> None:
    """Write one part of slope_k * g + bend_k * y_k + shift_k, or of slope_k * g, to every target.

    A target of 0 is left out. In evaluation, and where nothing was normalised, it is slope_k * g.
    """
    a = carray(told, (1,))[0]
    start, stop = _bounds(part, a)
    sources, targets = whole(a.sources, a.inputs), whole(a.targets, a.inputs)
    means = whole(a.running_means, a.inputs)
    slope = _tiled(a.slope, a.inputs, a, like)
    bends, shifts = _tiled(a.bend, a.inputs, a, like), _tiled(a.shift, a.inputs, a, like)
    for low in range(start, stop, a.lanes):
        high = min(low + a.lanes, stop)
        g = flat(a.gradient, high, like)[low:]
        for k in range(a.inputs):
            if targets[k] == 0:
                continue
            out, scale = flat(targets[k], high, like)[low:], slope[k]
            if a.training != 0 and means[k] != 0:
                y, turn, shift = flat(sources[k], high, like)[low:], bends[k], shifts[k]
                for m in range(out.size):
                    out[m] = scale[m] * g[m] + (turn[m] * y[m] + shift[m])
            else:
                for m in range(out.size):
                    out[m] = scale[m] * g[m]


TASKS = {
    "part_moments": part_moments,
    "settle": settle,
    "combine": combine,
    "part_dots": part_dots,
    "bend": bend,
    "spread": spread,
}
