"""Separable convolutions, many at once: depthwise, then of single pixels, with their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Size, Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.availability import channels_last, has_loops, plain_cpu
from dslnas.backends.torch.kernels.convolution import depthwise, pointwise
from dslnas.backends.torch.kernels.kernel_call import KernelCall
from dslnas.backends.torch.kernels.once_differentiable import once_differentiable
from dslnas.backends.torch.kernels.separable_conv_args import (
    SeparableArgs,
    SeparableSizes,
)
from dslnas.backends.torch.kernels.window import Window

_MOST_PARTS = 16
"""A part is some images of a batch. Weight gradients are summed up by part."""


@dataclass(frozen=True)
class Member:
    """One convolution of a layout.

    Attributes:
        window: Window of its depthwise part.
        source: Number of the input that it reads; those of one source stand together.
    """

    window: Window
    source: int


def separable_conv(
    members: tuple[Member, ...],
    inputs: Sequence[Tensor],
    kernels: Sequence[Tensor],
    matrices: Sequence[Tensor],
) -> tuple[Tensor, ...]:
    """Return for every member the convolution of its source by its kernel, then by its matrix.

    Compiled, what lies between the two is neither written nor kept, and a source that several
    members read gets one gradient.

    Args:
        members: Convolutions of one stride, whose results have one shape.
        inputs: (B, C, H, W) each.
        kernels: By member (C, 1, kernel height, kernel width).
        matrices: By member (O, C, 1, 1).

    Raises:
        ValueError: Shapes do not fit together; loops would read what is not there.
    """
    _check(members, inputs, kernels, matrices)
    tensors = [*map(channels_last, inputs), *kernels, *matrices]
    weights = [*kernels, *matrices]
    if (
        has_loops("separable_conv")
        and plain_cpu(tensors)
        and all(map(Tensor.is_contiguous, weights))
    ):
        results: tuple[Tensor, ...] = _SeparableConv.apply(members, *tensors)  # type: ignore[no-untyped-call]
        return results
    return tuple(
        _alone(member.window, inputs[member.source], kernel, matrix)
        for member, kernel, matrix in zip(members, kernels, matrices, strict=True)
    )


def _check(
    members: tuple[Member, ...],
    inputs: Sequence[Tensor],
    kernels: Sequence[Tensor],
    matrices: Sequence[Tensor],
) -> None:
    shape, channels = inputs[0].shape, inputs[0].shape[1]
    matrix = (matrices[0].shape[0], channels, 1, 1)
    fits = (
        len(members) == len(kernels) == len(matrices)
        and all(x.shape == shape for x in inputs)
        and all(
            kernel.shape == (channels, 1, *m.window.kernel)
            for kernel, m in zip(kernels, members, strict=True)
        )
        and all(each.shape == matrix for each in matrices)
    )
    if not fits:
        raise ValueError("separable convolutions of one bundle read and give other shapes")


def _alone(window: Window, x: Tensor, kernel: Tensor, matrix: Tensor) -> Tensor:
    between = depthwise(x, kernel, window.stride, window.padding, window.dilation)
    if x.is_cpu and not torch.compiler.is_compiling():
        return pointwise(between, matrix, (1, 1), (0, 0), 1)
    return functional.conv2d(between, matrix)


class _SeparableConv(torch.autograd.Function):
    """Keeps its inputs if weights need a gradient, and the weights."""

    @staticmethod
    def forward(ctx: Any, members: tuple[Member, ...], *tensors: Tensor) -> tuple[Tensor, ...]:
        sources, x = members[-1].source + 1, tensors[0]
        inputs, kernels, matrices = _split(tensors, sources)
        sizes = _sizes_of(members, x.shape, matrices[0].shape[0])
        results = tuple(_images(sizes.result, x.dtype) for _ in members)
        args = SeparableArgs(
            **vars(sizes),
            shares=min(sizes.batch, torch.get_num_threads()),
            wants_inputs=False,
            wants_weights=False,
            inputs=inputs,
            kernels=kernels,
            matrices=matrices,
            outputs=results,
            packed=x.new_empty(sizes.packed_size),
        )
        call = KernelCall(args, x.dtype)
        call.run("pack", sizes.members)
        call.run("forward", args.shares)
        needs = ctx.needs_input_grad[1:]
        ctx.wants = any(needs[:sources]), any(needs[sources:])
        ctx.save_for_backward(*(inputs if ctx.wants[1] else ()), *kernels, *matrices)
        ctx.sizes, ctx.needs = sizes, needs
        return results

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        sizes, (wants_inputs, wants_weights) = ctx.sizes, ctx.wants
        inputs, kernels, matrices = _split(ctx.saved_tensors, sizes.sources * wants_weights)
        g = gradients[0]
        to_inputs = [
            _images(sizes.source, g.dtype) if need else None for need in ctx.needs[: sizes.sources]
        ]
        weights = (*kernels, *matrices)
        to_weights = [torch.empty_like(each) if wants_weights else None for each in weights]
        args = SeparableArgs(
            **vars(sizes),
            shares=min(sizes.parts, torch.get_num_threads()),
            wants_inputs=wants_inputs,
            wants_weights=wants_weights,
            inputs=inputs,
            kernels=kernels,
            matrices=matrices,
            outputs=[channels_last(gradient) for gradient in gradients],
            packed=g.new_empty(sizes.packed_size),
            to_inputs=to_inputs if wants_inputs else None,
            to_kernels=to_weights[: sizes.members] if wants_weights else None,
            to_matrices=to_weights[sizes.members :] if wants_weights else None,
            sums=g.new_empty(sizes.sums_size) if wants_weights else None,
        )
        call = KernelCall(args, g.dtype)
        call.run("pack", sizes.members)
        call.run("backward", args.shares)
        if wants_weights:
            call.run("gather", sizes.members)
        return (None, *to_inputs, *to_weights)


def _split(
    tensors: Sequence[Tensor], sources: int
) -> tuple[Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]]:
    """Return inputs, kernels and matrices, which stand one behind the other."""
    members = (len(tensors) - sources) // 2
    return tensors[:sources], tensors[sources : sources + members], tensors[sources + members :]


@lru_cache(1024)
def _sizes_of(members: tuple[Member, ...], shape: Size, outs: int) -> SeparableSizes:
    batch, channels, height, width = shape
    windows = [member.window for member in members]
    out_height, out_width = windows[0].output(height, width)
    rows = [(*m.window.kernel, *m.window.padding, *m.window.dilation, m.source) for m in members]
    edge_height, padded_height, given_height = _spaces(windows, 0, height, out_height)
    edge_width, padded_width, given_width = _spaces(windows, 1, width, out_width)
    return SeparableSizes(
        members=len(members),
        sources=members[-1].source + 1,
        batch=batch,
        parts=min(batch, _MOST_PARTS),
        channels=channels,
        outs=outs,
        area=max(window.kernel[0] * window.kernel[1] for window in windows),
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
