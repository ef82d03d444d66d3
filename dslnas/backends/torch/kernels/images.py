"""Images that loops work on: which are whose, where one lies, and copying one."""

from __future__ import annotations

from dslnas.backends.torch.kernels.jit import DtypeOf, Values, flat, serial, tensor_of
from dslnas.backends.torch.kernels.kernel_args import Buffer
from dslnas.backends.torch.kernels.separable_conv_args import SeparableArgs


@serial
def share(whole: int, number: int, shares: int) -> range:
    """Return a share of 0, 1, ... whole - 1."""
    return range(number * whole // shares, (number + 1) * whole // shares)


@serial
def image_of(table: Buffer, number: int, image: int, size: int, dtype_of: DtypeOf) -> Values:
    """Return one image, of `size` values, of a tensor of a table."""
    return flat(tensor_of(table, number), (image + 1) * size, dtype_of)[image * size :]


@serial
def copy(to: Values, width: int, rows: Values, wide: int, count: int) -> None:
    """Copy rows of `wide` values to rows of `width`: what fits of each."""
    if width == wide:
        for m in range(count * width):
            to[m] = rows[m]
    else:
        for row in range(count):
            for m in range(min(width, wide)):
                to[row * width + m] = rows[row * wide + m]


@serial
def surround(space: Values, image: Values, a: SeparableArgs, wide: int) -> None:
    """Copy an image into a space that is zero around it."""
    for y in range(a.height):
        to = ((y + a.edge_height) * a.padded_width + a.edge_width) * wide
        row = image[y * a.width * a.channels : (y + 1) * a.width * a.channels]
        copy(space[to:], wide, row, a.channels, a.width)
