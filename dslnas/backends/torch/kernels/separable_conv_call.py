"""Calls of the loops of `separable_conv`: the sizes that they work with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Size, Tensor

from dslnas.backends.torch.kernels.availability import empty_images
from dslnas.backends.torch.kernels.kernel_args import round_up
from dslnas.backends.torch.kernels.kernel_call import KernelCall
from dslnas.backends.torch.kernels.moments import remember_all, room_for
from dslnas.backends.torch.kernels.places import tables_of
from dslnas.backends.torch.kernels.separable_conv_args import (
    BLOCK,
    PLACES,
    SeparableArgs,
    SeparableSizes,
)
from dslnas.backends.torch.kernels.window import Window

_MOST_PARTS = 16
"""A part is some images of a batch. Gradients of weights are summed up by part."""

_LARGE = 4096
"""Values of a matrix from which there are half as many: adding them up takes its time too."""

_STRIP, _VALUES = 64, 4096
"""Pixels of a result, and their values, about, that are worked off together."""


@dataclass(frozen=True)
class Member:
    """One convolution of a bundle.

    Attributes:
        window: Window of its depthwise part.
        source: Number of the input that it reads; those of one source stand together.
    """

    window: Window
    source: int


class Gradients(NamedTuple):
    """Results of the loops backward.

    Attributes:
        inputs: Gradients of what is read of inputs, where wanted: of norms where there are some.
        kernels: By member, or None.
        matrices: By member, or None.
        sums: Sums of the gradients of norms, as `norm_gradients` takes them.
    """

    inputs: Sequence[Tensor | None] | None
    kernels: Sequence[Tensor | None]
    matrices: Sequence[Tensor | None]
    sums: Tensor | None


NO_GRADIENTS = Gradients(None, (), (), None)


class SeparableCall:
    """Calls of the loops for convolutions of one stride, whose results have one shape."""

    def __init__(self, members: tuple[Member, ...], shape: Size, outs: int, *, relu: bool) -> None:
        """Take sizes.

        Args:
            members: The convolutions.
            shape: Shape of every input, (B, C, H, W).
            outs: Channels of a result.
            relu: Whether only what is positive of an input is read.
        """
        self._sizes, self._relu = _sizes_of(members, shape, outs), relu

    def forward(
        self,
        inputs: Sequence[Tensor],
        kernels: Sequence[Tensor],
        matrices: Sequence[Tensor],
        stats: Tensor | None,
        *,
        wants_moments: bool,
    ) -> tuple[Tensor, ...]:
        """Return the results of all members, (B, O, H, W), channels innermost.

        Args:
            inputs: (B, C, H, W) each, channels innermost.
            kernels: By member (C, 1, kernel height, kernel width).
            matrices: By member (O, C, 1, 1).
            stats: Normalises the inputs, as `norm_stats` gives it; None to read them as they are.
            wants_moments: Whether norms will ask for the results' moments.
        """
        sizes = self._sizes
        results = tuple(empty_images(sizes.result, matrix.dtype) for matrix in matrices)
        args = self._args(sizes.batch, inputs, (kernels, matrices), stats, results)
        if wants_moments:
            args = replace(args, **room_for(sizes.members, sizes.batch, sizes.outs))
        call = KernelCall(args, results[0].dtype)
        call.run("forward", args.shares)
        if wants_moments:
            call.run("merge_moments", sizes.members)
            remember_all(results, args.to_moments)
        return results

    def backward(
        self,
        inputs: Sequence[Tensor],
        weights: tuple[Sequence[Tensor], Sequence[Tensor]],
        stats: Tensor | None,
        gradients: Sequence[Tensor],
        wanted: Sequence[bool],
        *,
        wants_weights: bool,
    ) -> Gradients:
        """Return gradients of what is read of inputs, and of weights.

        Args:
            inputs: As they were forward; none where only their gradients are wanted and all that
                is in them is read.
            weights: Kernels and matrices as they were forward.
            stats: As it was forward.
            gradients: Gradients of the results.
            wanted: By input whether its gradient is.
            wants_weights: Whether those of kernels and matrices are.
        """
        sizes, dtype = self._sizes, gradients[0].dtype
        found = Gradients(
            [empty_images(sizes.source, dtype) if want else None for want in wanted],
            [torch.empty_like(kernel) if wants_weights else None for kernel in weights[0]],
            [torch.empty_like(matrix) if wants_weights else None for matrix in weights[1]],
            None if stats is None or not any(wanted) else stats.new_empty(sizes.sums_shape),
        )
        args = self._args(
            sizes.parts,
            inputs,
            weights,
            stats,
            gradients,
            found if any(wanted) else found._replace(inputs=None),
            wants_weights=wants_weights,
        )
        call = KernelCall(args, dtype)
        call.run("backward", args.shares)
        if wants_weights:
            call.run("gather", sizes.members)
        return found

    def _args(
        self,
        most: int,
        inputs: Sequence[Tensor],
        weights: tuple[Sequence[Tensor], Sequence[Tensor]],
        stats: Tensor | None,
        outputs: Sequence[Tensor],
        to: Gradients = NO_GRADIENTS,
        *,
        wants_weights: bool = False,
    ) -> SeparableArgs:
        sizes, shares, x = self._sizes, min(most, torch.get_num_threads()), outputs[0]
        wants_inputs = to.inputs is not None
        size = sum(sizes.scratch_sizes(backward=wants_inputs or wants_weights))
        return SeparableArgs(
            **vars(sizes),
            shares=shares,
            wants_inputs=wants_inputs,
            wants_weights=wants_weights,
            relu=self._relu,
            normalised=stats is not None,
            wants_moments=False,
            inputs=inputs,
            stats=stats,
            kernels=weights[0],
            matrices=weights[1],
            outputs=outputs,
            scratch=x.new_empty((shares, size)),
            to_inputs=to.inputs,
            to_stats=to.sums,
            to_kernels=to.kernels if wants_weights else None,
            to_matrices=to.matrices if wants_weights else None,
            sums=x.new_empty(sizes.sums_size) if wants_weights else None,
        )


@lru_cache(1024)
def _sizes_of(members: tuple[Member, ...], shape: Size, outs: int) -> SeparableSizes:
    batch, channels, height, width = shape
    windows = [member.window for member in members]
    out_height, out_width = windows[0].output(height, width)
    rows = [(*m.window.kernel, *m.window.padding, *m.window.dilation, m.source) for m in members]
    area = max(window.kernel[0] * window.kernel[1] for window in windows)
    edge_height, padded_height, given_height = _spaces(windows, 0, height, out_height)
    edge_width, padded_width, given_width = _spaces(windows, 1, width, out_width)
    sizes = SeparableSizes(
        members=len(members),
        sources=members[-1].source + 1,
        batch=batch,
        parts=min(batch, _MOST_PARTS if channels * outs <= _LARGE else _MOST_PARTS // 2),
        channels=channels,
        outs=outs,
        wide=round_up(channels, BLOCK),
        broad=round_up(outs, BLOCK),
        area=area,
        places=round_up(area, PLACES),
        height=height,
        width=width,
        out_height=out_height,
        out_width=out_width,
        stride_height=windows[0].stride[0],
        stride_width=windows[0].stride[1],
        strip=max(1, round(min(_STRIP, _VALUES / round_up(channels, BLOCK)) / out_width)),
        below=max(_reach(window) - window.padding[0] for window in windows),
        edge_height=edge_height,
        edge_width=edge_width,
        padded_height=padded_height,
        padded_width=padded_width,
        given_height=given_height,
        given_width=given_width,
        kernel_sizes=tuple(window.kernel for window in windows),
        windows=torch.tensor(rows),
        maps=None,
        maps_size=0,
    )
    maps = tables_of(sizes, windows)
    return replace(sizes, maps=maps, maps_size=len(maps))


def _reach(window: Window) -> int:
    """Return how many rows lie between the first and the last one of a window."""
    return (window.kernel[0] - 1) * window.dilation[0]


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
