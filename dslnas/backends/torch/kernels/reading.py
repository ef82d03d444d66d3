"""Loops that read the inputs of separable convolutions: normalised, without what is negative.

Images are worked off in strips of rows, so that a row is still in a core's first cache when the
next ones are read with it.
"""

from __future__ import annotations

from dslnas.backends.torch.kernels.images import whole_pixels
from dslnas.backends.torch.kernels.jit import Values, serial
from dslnas.backends.torch.kernels.scratch import Maps, Scratch, row_of
from dslnas.backends.torch.kernels.separable_conv_args import SeparableArgs
from dslnas.backends.torch.kernels.simd_pixels import (
    lay,
    lay_norm,
    lay_norm_relu,
    lay_relu,
)


@serial
def last_of(first: int, a: SeparableArgs) -> int:
    """Return the number behind the last member that reads what the first of them reads."""
    last = first + 1
    while last < a.members and row_of(last, a)[6] == row_of(first, a)[6]:
        last += 1
    return last


@serial
def rows_behind(row: int, a: SeparableArgs) -> int:
    """Return how many values of an image are read, or written, next, from a row on."""
    return min(a.height - row, a.strip * a.stride_height) * a.width * a.channels


@serial
def lay_rows(
    x: Values, source: int, laid: int, high: int, a: SeparableArgs, maps: Maps, scratch: Scratch
) -> int:
    """Lay what rows of a result up to `high` read of an image; return how many rows are laid then.

    What stands in its space for channels that it has not is never read: it is the next pixel's.
    """
    end = min(a.height, (high - 1) * a.stride_height + a.below + 1)
    if high == a.out_height:
        end = a.height  # gradients ask for every row
    if end <= laid:
        return laid
    first, last, row = laid * a.width, end * a.width, 3 * source * a.wide
    whole = whole_pixels(a.height * a.width, a.channels, a.wide)
    step, stats, space = a.channels, scratch.stats, scratch.space
    count, places = max(0, min(whole, last) - first), maps.laid[first:]
    blocks, slope, offset, at = a.wide // maps.lanes, row + a.wide, row + 2 * a.wide, first * step
    if a.normalised != 0 and a.relu != 0:
        lay_norm_relu(space, places, count, blocks, x, at, step, stats, slope, offset)
    elif a.normalised != 0:
        lay_norm(space, places, count, blocks, x, at, step, stats, slope, offset)
    elif a.relu != 0:
        lay_relu(space, places, count, blocks, x, at, step, stats, slope, offset)
    else:
        lay(space, places, count, blocks, x, at, step, stats, slope, offset)
    _lay_last(x, first + count, last, row, a, maps, scratch)
    return end


@serial
def _lay_last(
    x: Values, low: int, high: int, row: int, a: SeparableArgs, maps: Maps, scratch: Scratch
) -> None:
    """Lay pixels that cannot be read as whole blocks, number by number."""
    slope, offset, stats = row + a.wide, row + 2 * a.wide, scratch.stats
    for pixel in range(low, high):
        for c in range(a.channels):
            value = x[pixel * a.channels + c]
            if a.normalised != 0:
                value = stats[slope + c] * value + stats[offset + c]
            if a.relu != 0 and value < 0:
                value = x.dtype.type(0)
            scratch.space[maps.laid[pixel] + c] = value
