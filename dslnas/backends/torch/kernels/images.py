"""Images that loops work on: which are whose, and where one lies."""

from __future__ import annotations

from dslnas.backends.torch.kernels.jit import DtypeOf, Values, flat, serial, tensor_of
from dslnas.backends.torch.kernels.kernel_args import Buffer


@serial
def share(whole: int, number: int, shares: int) -> range:
    """Return a share of 0, 1, ... whole - 1."""
    return range(number * whole // shares, (number + 1) * whole // shares)


@serial
def image_of(table: Buffer, number: int, image: int, size: int, dtype_of: DtypeOf) -> Values:
    """Return one image, of `size` values, of a tensor of a table."""
    return flat(tensor_of(table, number), (image + 1) * size, dtype_of)[image * size :]


@serial
def whole_pixels(pixels: int, channels: int, wide: int) -> int:
    """Return how many pixels end with their image at the latest if read as whole blocks."""
    return max(0, (pixels * channels - wide) // channels + 1)
