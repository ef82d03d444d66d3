"""Separable convolutions, many at once: depthwise, then of single pixels, with their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.availability import channels_last, has_loops, plain_cpu
from dslnas.backends.torch.kernels.convolution import depthwise, pointwise
from dslnas.backends.torch.kernels.depthwise_calls import DepthwiseCall, Member
from dslnas.backends.torch.kernels.once_differentiable import once_differentiable
from dslnas.backends.torch.kernels.window import Window


def separable_conv(
    members: tuple[Member, ...],
    inputs: Sequence[Tensor],
    kernels: Sequence[Tensor],
    matrices: Sequence[Tensor],
    *,
    relu: bool = False,
) -> tuple[Tensor, ...]:
    """Return for every member the convolution of its source by its kernel, then by its matrix.

    Compiled, what lies between the two is not kept: gradients compute it again. A source that
    several members read gets one gradient.

    Args:
        members: Convolutions of one stride, whose results have one shape.
        inputs: (B, C, H, W) each.
        kernels: By member (C, 1, kernel height, kernel width).
        matrices: By member (O, C, 1, 1).
        relu: Whether only what is positive of an input is read.

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
        results: tuple[Tensor, ...] = _SeparableConv.apply(members, relu, *tensors)  # type: ignore[no-untyped-call]
        return results
    read = [functional.relu(x) for x in inputs] if relu else inputs
    return tuple(
        _alone(member.window, read[member.source], kernel, matrix)
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
    """Keeps its inputs if weights or `relu` need them for a gradient, and the weights."""

    @staticmethod
    def forward(
        ctx: Any, members: tuple[Member, ...], relu: bool, *tensors: Tensor
    ) -> tuple[Tensor, ...]:
        inputs, kernels, matrices = _split(tensors, members[-1].source + 1)
        call = DepthwiseCall(members, inputs[0].shape, relu=relu)
        between = call.rows(call.forward(inputs, kernels))
        results = tuple(call.images(len(matrix), matrix.dtype) for matrix in matrices)
        for rows, matrix, result in zip(between, matrices, results, strict=True):
            torch.mm(rows, matrix.flatten(1).t(), out=_rows(result))
        needs = ctx.needs_input_grad[2:]
        ctx.wants_inputs = needs[: len(inputs)]
        ctx.wants_weights = any(needs[len(inputs) :])
        ctx.kept = len(inputs) if ctx.wants_weights or relu else 0
        ctx.save_for_backward(*inputs[: ctx.kept], *kernels, *matrices)
        ctx.call = call
        return results

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        call = ctx.call
        inputs, kernels, matrices = _split(ctx.saved_tensors, ctx.kept)
        g = [_rows(channels_last(gradient)) for gradient in gradients]
        to_matrices: list[Tensor | None] = [None] * len(g)
        if ctx.wants_weights:
            found = call.forward(inputs, kernels)
            to_matrices = [
                torch.mm(each.t(), rows).view_as(matrix)
                for each, rows, matrix in zip(g, call.rows(found), matrices, strict=True)
            ]
        else:
            found = call.zeros(g[0].dtype)
        for each, matrix, rows in zip(g, matrices, call.rows(found), strict=True):
            torch.mm(each, matrix.flatten(1), out=rows)
        to_inputs, to_kernels = call.backward(
            inputs, kernels, found, ctx.wants_inputs, wants_kernels=ctx.wants_weights
        )
        return (None, None, *to_inputs, *to_kernels, *to_matrices)


def _split(
    tensors: Sequence[Tensor], sources: int
) -> tuple[Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]]:
    """Return inputs, kernels and matrices, which stand one behind the other."""
    members = (len(tensors) - sources) // 2
    return tensors[:sources], tensors[sources : sources + members], tensors[sources + members :]


def _rows(images: Tensor) -> Tensor:
    """Return images (B, C, H, W), channels innermost, as rows of channels (B * H * W, C)."""
    return images.permute(0, 2, 3, 1).reshape(-1, images.shape[1])
