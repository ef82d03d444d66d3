"""Calls of the loops of `separable_conv`: every channel of images by a kernel of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Size, Tensor

from dslnas.backends.torch.kernels.kernel_args import round_up
from dslnas.backends.torch.kernels.kernel_call import KernelCall
from dslnas.backends.torch.kernels.separable_conv_args import (
    PLACES,
    SeparableArgs,
    SeparableSizes,
    filled_up,
)
from dslnas.backends.torch.kernels.window import Window

_MOST_PARTS = 16
"""A part is some images of a batch. Gradients of kernels are summed up by part."""


@dataclass(frozen=True)
class Member:
    """One convolution of a bundle.

    Attributes:
        window: Window of its depthwise part.
        source: Number of the input that it reads; those of one source stand together.
    """

    window: Window
    source: int


class DepthwiseCall:
    """Depthwise convolutions of one stride, whose results have one shape.

    A result is a row of channels for every pixel, (B * H * W, C). In memory every row is filled up
    to whole vectors, with zeros, so that loops need not ask where it ends.
    """

    def __init__(self, members: tuple[Member, ...], shape: Size, *, relu: bool) -> None:
        """Take the shape of every input, (B, C, H, W), and whether only its positives are read."""
        self._sizes, self._relu = _sizes_of(members, shape), relu

    def images(self, channels: int, dtype: torch.dtype) -> Tensor:
        """Return images as large as a result, without values, channels innermost."""
        sizes = self._sizes
        return _images((sizes.batch, channels, sizes.out_height, sizes.out_width), dtype)

    def zeros(self, dtype: torch.dtype) -> Tensor:
        """Return what gradients of results can be written into, (members, B * H * W, wide)."""
        return torch.zeros(self._sizes.results_shape, dtype=dtype)

    def rows(self, found: Tensor) -> Sequence[Tensor]:
        """Return the results, or gradients, of the members one by one."""
        return found[..., : self._sizes.channels].unbind()

    def forward(self, inputs: Sequence[Tensor], kernels: Sequence[Tensor]) -> Tensor:
        """Return the results of all members, (members, B * H * W, wide).

        Args:
            inputs: (B, C, H, W) each, channels innermost.
            kernels: By member (C, 1, kernel height, kernel width).
        """
        found = kernels[0].new_empty(self._sizes.results_shape)
        args = self._args(self._sizes.batch, inputs, kernels, found)
        KernelCall(args, found.dtype).run("forward", args.shares)
        return found

    def backward(
        self,
        inputs: Sequence[Tensor],
        kernels: Sequence[Tensor],
        g: Tensor,
        wanted: Sequence[bool],
        *,
        wants_kernels: bool,
    ) -> tuple[list[Tensor | None], list[Tensor | None]]:
        """Return gradients of the inputs that are wanted, and of the kernels.

        Args:
            inputs: As they were forward; none where only their gradients are wanted and all that
                is in them is read.
            kernels: As they were forward.
            g: Gradients of all results.
            wanted: By input whether its gradient is.
            wants_kernels: Whether those of the kernels are.
        """
        sizes = self._sizes
        to_inputs = [_images(sizes.source, g.dtype) if want else None for want in wanted]
        to_kernels = [torch.empty_like(each) if wants_kernels else None for each in kernels]
        args = self._args(
            sizes.parts,
            inputs,
            kernels,
            g,
            to_inputs if any(wanted) else None,
            to_kernels if wants_kernels else None,
        )
        call = KernelCall(args, g.dtype)
        call.run("backward", args.shares)
        if wants_kernels:
            call.run("gather", sizes.members)
        return to_inputs, to_kernels

    def _args(
        self,
        most: int,
        inputs: Sequence[Tensor],
        kernels: Sequence[Tensor],
        results: Tensor,
        to_inputs: Sequence[Tensor | None] | None = None,
        to_kernels: Sequence[Tensor | None] | None = None,
    ) -> SeparableArgs:
        sizes, shares = self._sizes, min(most, torch.get_num_threads())
        is_backward = to_inputs is not None or to_kernels is not None
        size = sum(sizes.scratch_sizes(backward=is_backward))
        return SeparableArgs(
            **vars(sizes),
            shares=shares,
            wants_inputs=to_inputs is not None,
            wants_kernels=to_kernels is not None,
            relu=self._relu,
            normalised=False,
            inputs=inputs,
            stats=None,
            kernels=kernels,
            results=results,
            scratch=results.new_empty((shares, size)),
            to_inputs=to_inputs,
            to_kernels=to_kernels,
            sums=None if to_kernels is None else results.new_empty(sizes.sums_size),
        )


@lru_cache(1024)
def _sizes_of(members: tuple[Member, ...], shape: Size) -> SeparableSizes:
    batch, channels, height, width = shape
    windows = [member.window for member in members]
    out_height, out_width = windows[0].output(height, width)
    rows = [(*m.window.kernel, *m.window.padding, *m.window.dilation, m.source) for m in members]
    area = max(window.kernel[0] * window.kernel[1] for window in windows)
    edge_height, padded_height, given_height = _spaces(windows, 0, height, out_height)
    edge_width, padded_width, given_width = _spaces(windows, 1, width, out_width)
    return SeparableSizes(
        members=len(members),
        sources=members[-1].source + 1,
        batch=batch,
        parts=min(batch, _MOST_PARTS),
        channels=channels,
        wide=filled_up(channels),
        area=area,
        places=round_up(area, PLACES),
        height=height,
        width=width,
        out_height=out_height,
        out_width=out_width,
        stride_height=windows[0].stride[0],
        stride_width=windows[0].stride[1],
        edge_height=edge_height,
        edge_width=edge_width,
        padded_height=padded_height,
        padded_width=padded_width,
        given_height=given_height,
        given_width=given_width,
        kernel_sizes=tuple(window.kernel for window in windows),
        windows=torch.tensor(rows),
    )


def _spaces(windows: Sequence[Window], axis: int, size: int, out: int) -> tuple[int, int, int]:
    """Return, along an axis, the zeros before an input, and its and its gradient's padded size."""
    edge = max(window.padding[axis] for window in windows)
    last = (out - 1) * windows[0].stride[axis]
    padded, given = edge + size, 0
    for window in windows:
        padding = window.padding[axis]
        reach = (window.kernel[axis] - 1) * window.dilation[axis]
        padded = max(padded, edge - padding + last + reach + 1)
        given = max(given, max(0, reach - padding) + max(size + padding, last + 1))
    return edge, padded, given


def _images(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    return torch.empty(shape, dtype=dtype, memory_format=torch.channels_last)
