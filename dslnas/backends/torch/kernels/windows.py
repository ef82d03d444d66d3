"""Tasks over windows that move over images: depthwise weight gradients and max pooling.

With a stride of 1 along the width, what a place of the window reads for a whole output row is one
*run* of values; else every pixel is one. Inner loops read before they choose: a value that is only
read on one side of a choice keeps the loop from being vectorised. The record is `records.WINDOW`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray

from dslnas.backends.torch.kernels.jit import add_products, bytes_at, doubles, flat, serial, table


@serial
def _runs(j: int, a: Any) -> tuple[int, int, int, int]:
    """Return what a column of the window reads inside the image.

    That is: the first output pixel, the input pixel it reads, the number of runs, and their length.
    """
    stride, offset = a.stride_width, j * a.dilation_width - a.padding_width
    low = max(0, -(offset // stride))
    pixels = max(0, min(a.out_width, (a.width - 1 - offset) // stride + 1) - low)
    if stride == 1:
        return low, low + offset, min(1, pixels), pixels * a.channels
    return low, low * stride + offset, pixels, a.channels


@serial
def _add_three(total: Any, x: Any, g: Any, to_x: int, to_g: int) -> None:
    """Add the products of three rows at once, so that the total is read and written once."""
    y, h, z, i = x[to_x:], g[to_g:], x[2 * to_x :], g[2 * to_g :]
    for m in range(total.size):
        total[m] += x[m] * g[m] + y[m] * h[m] + z[m] * i[m]


@serial
def _add_products(x: Any, g: Any, rows: int, out_y: int, a: Any, lanes: Any) -> None:
    """Add, for every place of the window, the gradients of some output rows times what it reads.

    x is the whole image, g starts at the first of the rows, `out_y`; lanes are (kernel pixels,
    output width * channels).
    """
    length, width, down = a.out_width * a.channels, a.width * a.channels, a.stride_height
    for i in range(a.kernel_height):
        above = i * a.dilation_height - a.padding_height
        low = min(rows, max(0, -((out_y * down + above) // down)))
        high = min(rows, (a.height - 1 - above) // down + 1 - out_y)
        for j in range(a.kernel_width):
            out_x, in_x, runs, size = _runs(j, a)
            total = lanes[i * a.kernel_width + j]
            for run in range(runs):
                at = (out_x + run) * a.channels
                here = (in_x + run * a.stride_width) * a.channels
                summed, row = total[at : at + size], low
                while row + 3 <= high:
                    y = (out_y + row) * down + above
                    read, given = x[y * width + here :], g[row * length + at :]
                    _add_three(summed, read, given, down * width, length)
                    row += 3
                while row < high:
                    y = (out_y + row) * down + above
                    add_products(summed, x[y * width + here :], g[row * length + at :])
                    row += 1


def part_products(part: Any, told: Any, like: Any) -> None:
    """Write one part of a depthwise convolution's weight gradient, (kernel pixels, channels).

    That is the sum over output pixels of gradient times what each place of the window reads. A part
    is a number of output rows; columns are added up at its end.
    """
    a = carray(told, (1,))[0]
    rows, length = a.batch * a.out_height, a.out_width * a.channels
    area, size = a.kernel_height * a.kernel_width, a.height * a.width * a.channels
    x, g = flat(a.inputs, a.batch * size, like), flat(a.outputs, rows * length, like)
    lanes = np.zeros((area, length), x.dtype)
    row, last = part * rows // a.parts, (part + 1) * rows // a.parts
    while row < last:
        image, out_y = divmod(row, a.out_height)
        here = min(last - row, a.out_height - out_y)
        _add_products(x[image * size :], g[row * length :], here, out_y, a, lanes)
        row += here
    found = doubles(a.sums, a.parts * area, a.channels)[part * area :]
    for at in range(area):
        for c in range(a.channels):
            found[at, c] = 0.0
        for low in range(0, length, a.channels):
            for c in range(a.channels):
                found[at, c] += lanes[at, low + c]


def products(number: Any, told: Any, like: Any) -> None:
    """Add up the parts of a weight gradient, as (channels, kernel pixels)."""
    a = carray(told, (1,))[0]
    area = a.kernel_height * a.kernel_width
    found = doubles(a.sums, a.parts * area, a.channels)
    result = table(a.result, a.channels, area, like)
    for at in range(area):
        for c in range(a.channels):
            total = 0.0
            for part in range(a.parts):
                total += found[part * area + at, c]
            result[c, at] = total


def greatest(row: Any, told: Any, like: Any) -> None:
    """Write for one output row the greatest value of each window, and its place in row-major order.

    As torch does: of equal values the first counts, and the last NaN beats every number.
    """
    a = carray(told, (1,))[0]
    length = a.out_width * a.channels
    image, out_y = divmod(row, a.out_height)
    x = flat(a.inputs, a.batch * a.height * a.width * a.channels, like)
    best = flat(a.outputs, (row + 1) * length, like)[row * length :]
    place = bytes_at(a.places, (row + 1) * length)[row * length :]
    top = max(0, a.padding_height - out_y * a.stride_height)
    for out_x in range(a.out_width):
        first = top * a.kernel_width + max(0, a.padding_width - out_x * a.stride_width)
        for m in range(out_x * a.channels, (out_x + 1) * a.channels):
            best[m] = -np.inf
            place[m] = first
    for i in range(top, a.kernel_height):
        y = out_y * a.stride_height + i - a.padding_height
        if y >= a.height:
            break
        for j in range(a.kernel_width):
            out_x, in_x, runs, size = _runs(j, a)
            number = np.uint8(i * a.kernel_width + j)
            for run in range(runs):
                at = (out_x + run) * a.channels
                here = ((image * a.height + y) * a.width + in_x + run * a.stride_width) * a.channels
                read, most, found = x[here : here + size], best[at : at + size], place[at:]
                for m in range(most.size):
                    value, old, old_place = read[m], most[m], found[m]
                    better = (value > old) | (value != value)
                    found[m] = number if better else old_place
                    # in two steps: one would become a masked store, which some CPUs are slow at
                    larger = value if value > old else old
                    most[m] = value if value != value else larger


def gather(row: Any, told: Any, like: Any) -> None:
    """Write for one input row the sums of the gradients of all windows that took its values."""
    a = carray(told, (1,))[0]
    length, outputs = a.width * a.channels, a.batch * a.out_height * a.out_width * a.channels
    image, y = divmod(row, a.height)
    g, places = flat(a.outputs, outputs, like), bytes_at(a.places, outputs)
    result = flat(a.inputs, (row + 1) * length, like)[row * length :]
    zero = g.dtype.type(0)
    for m in range(length):
        result[m] = zero
    for i in range(a.kernel_height):
        out_y, rest = divmod(y + a.padding_height - i, a.stride_height)
        if rest != 0 or out_y < 0 or out_y >= a.out_height:
            continue
        for j in range(a.kernel_width):
            out_x, in_x, runs, size = _runs(j, a)
            number = np.uint8(i * a.kernel_width + j)
            for run in range(runs):
                at = ((image * a.out_height + out_y) * a.out_width + out_x + run) * a.channels
                here = (in_x + run * a.stride_width) * a.channels
                given, place = g[at : at + size], places[at : at + size]
                summed = result[here : here + size]
                for m in range(summed.size):
                    value = given[m]
                    summed[m] += value if place[m] == number else zero


TASKS = {
    "part_products": part_products,
    "products": products,
    "greatest": greatest,
    "gather": gather,
}
