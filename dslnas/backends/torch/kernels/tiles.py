"""Tiles and parts of images, the units in which loops over all their values work.

A tensor is cut into *tiles* of whole pixels, `lanes` values each, and into *parts* of whole tiles.
Every place of a tile is a *lane*, in which a part is summed up in the tensor's own precision;
lanes and parts are added in float64, in order. Parts depend on the size of a tensor alone, so the
number of threads changes no bit of a result. Imports numba: only import it to run a loop.
"""

from __future__ import annotations

import numpy as np
from numba import carray

from dslnas.backends.torch.kernels.jit import Doubles, DtypeOf, Values, doubles, serial
from dslnas.backends.torch.kernels.kernel_args import Buffer
from dslnas.backends.torch.kernels.norm_args import NormSizes


@serial
def pixels_of(a: NormSizes) -> int:
    """Return the number of values of a channel."""
    return a.batch * a.height * a.width


@serial
def bounds(part: int, a: NormSizes) -> tuple[int, int]:
    """Return where a part starts and ends."""
    total = pixels_of(a) * a.channels
    tiles = (total + a.lanes - 1) // a.lanes
    start = part * tiles // a.parts * a.lanes
    return start, min(total, (part + 1) * tiles // a.parts * a.lanes)


@serial
def tiled(numbers: Doubles, a: NormSizes, dtype_of: DtypeOf) -> Values:
    """Return numbers per channel (rows, channels), repeated for every lane: (rows, lanes)."""
    lanes: Values = np.empty((len(numbers), a.lanes), carray(dtype_of, (1,)).dtype)
    for k in range(len(numbers)):
        for low in range(0, a.lanes, a.channels):
            for c in range(a.channels):
                lanes[k, low + c] = numbers[k, c]
    return lanes


@serial
def by_kind(numbers: Buffer, kind: int, a: NormSizes) -> Doubles:
    """Return the rows of a kind, one for each input, of numbers per channel."""
    rows: Doubles = doubles(numbers, (kind + 1) * a.inputs, a.channels)[kind * a.inputs :]
    return rows
