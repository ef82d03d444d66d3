"""Loops of moments: means by channel, and sums of squared distances from them. Imports numba."""

from __future__ import annotations

from dslnas.backends.torch.kernels.jit import Doubles, Values, serial
from dslnas.backends.torch.kernels.simd_pixels import sum_up


@serial
def merge(moments: Doubles, before: int, others: Doubles, count: int) -> None:
    """Make moments, (2, channels), of `before` pixels those of these and `count` others."""
    share = count / (before + count)
    for c in range(moments.shape[1]):
        apart = others[0, c] - moments[0, c]
        moments[0, c] += share * apart
        moments[1, c] += others[1, c] + share * before * apart * apart


@serial
def add_pixels(
    moments: Doubles, first: int, x: Values, low: int, high: int, whole: int, sums: Values,
    last: Values, lanes: int,
) -> None:  # fmt: skip
    """Do so with pixels `low` to `high` of images, of which those from `first` on are in there.

    They lie in a core's first cache, and are read in whole blocks; those from `whole` on one by
    one, as a block would reach beyond the images. In `last` there is room for such a pixel, in
    `sums` for two numbers of every channel, and in rows of moments behind these for two more.
    """
    step = moments.shape[1]
    end = min(high, max(low, whole))
    if end > low:
        _add_block(moments, low - first, x[low * step :], end - low, sums, lanes)
    for pixel in range(end, high):
        last[:step] = x[pixel * step : (pixel + 1) * step]
        _add_block(moments, pixel - first, last, 1, sums, lanes)


@serial
def _add_block(
    moments: Doubles, before: int, x: Values, count: int, sums: Values, lanes: int
) -> None:
    """Distances are summed up from the first pixel, so that a large mean costs no digits."""
    channels, wide = moments.shape[1], len(sums) // 2
    for c in range(0, wide, lanes):
        sum_up(sums, c, wide + c, x, c, channels, count)
    for c in range(channels):
        total = float(sums[c])
        spread = sums[wide + c] - total * total / count
        moments[2, c] = x[c] + total / count
        moments[3, c] = 0.0 if spread < 0 else spread
    merge(moments[:2], before, moments[2:], count)
