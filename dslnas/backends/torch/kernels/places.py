"""Where loops of separable convolutions find pixels: tables, made once for calls alike.

Loops make no tables of their own: every slice of an array that numba itself has made counts its
readers, by instructions that wait until all that was written before has arrived.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dslnas.backends.torch.kernels.separable_conv_args import SeparableSizes
from dslnas.backends.torch.kernels.window import Window


def tables_of(sizes: SeparableSizes, windows: list[Window]) -> Tensor:
    """Return all tables, in the order in which `scratch.maps_of` takes them apart."""
    down, lower = sizes.padded_width * sizes.wide, sizes.given_width * sizes.wide
    first = sizes.edge_height * down + sizes.edge_width * sizes.wide
    own, given = (sizes.height, sizes.width), (sizes.out_height, sizes.out_width)
    high, wide = sizes.stride_height, sizes.stride_width * sizes.wide
    tables = [table for window in windows for table in _of_window(window, sizes)]
    tables += [
        grid(own, down, sizes.wide) + first,
        grid(own, lower, sizes.wide),
        grid(given, high * down, wide),
        grid(given, high * lower, wide),
        torch.arange(given[0] * given[1]) * sizes.outs,
        torch.arange(sizes.wide) * sizes.broad,
        torch.arange(sizes.rows) * sizes.wide,
    ]
    return torch.cat(tables)


def grid(size: tuple[int, int], down: int, right: int) -> Tensor:
    """Return where the pixels of a grid lie, from its first one."""
    rows, columns = torch.arange(size[0]) * down, torch.arange(size[1]) * right
    return (rows[:, None] + columns).flatten()


def _of_window(window: Window, sizes: SeparableSizes) -> tuple[Tensor, Tensor]:
    """Return `MemberWindow.read` and `MemberWindow.turned`, each filled up to whole blocks."""
    (high, wide), (above, before) = window.dilation, window.padding
    down, lower = sizes.padded_width * sizes.wide, sizes.given_width * sizes.wide
    read = grid(window.kernel, high * down, wide * sizes.wide)
    read += (sizes.edge_height - above) * down + (sizes.edge_width - before) * sizes.wide
    turned = -grid(window.kernel, high * lower, wide * sizes.wide)
    turned += max(above, (window.kernel[0] - 1) * high) * lower
    turned += max(before, (window.kernel[1] - 1) * wide) * sizes.wide
    more = sizes.places - len(read)
    return torch.cat([read, read[:1].expand(more)]), torch.cat([turned, turned[:1].expand(more)])
