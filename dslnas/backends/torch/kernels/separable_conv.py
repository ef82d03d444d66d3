"""Separable convolutions, many at once: depthwise, then of single pixels, with their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.availability import channels_last, has_loops, plain_cpu
from dslnas.backends.torch.kernels.convolution import depthwise, pointwise
from dslnas.backends.torch.kernels.norm import (
    Norm,
    Rule,
    flags,
    norm_gradients,
    norm_stats,
    normalised,
    sizes_of,
)
from dslnas.backends.torch.kernels.once_differentiable import once_differentiable
from dslnas.backends.torch.kernels.separable_conv_call import Gradients, Member, SeparableCall
from dslnas.backends.torch.kernels.window import Pair, Window


class Reading(NamedTuple):
    """How a convolution reads its inputs.

    Attributes:
        relu: Only what is positive, behind the norms.
        norms: By input the norm that it goes through; empty for none.
        rule: How they normalise.
    """

    relu: bool = False
    norms: tuple[Norm, ...] = ()
    rule: Rule = Rule(0.0, 0.0, training=False, tracking=False)


AS_IT_IS = Reading()


def separable_conv(
    members: tuple[Member, ...],
    inputs: Sequence[Tensor],
    kernels: Sequence[Tensor],
    matrices: Sequence[Tensor],
    reading: Reading = AS_IT_IS,
    *,
    moments: bool = False,
) -> tuple[Tensor, ...]:
    """Return for every member the convolution of its source by its kernel, then by its matrix.

    Compiled, neither what is read of an input nor what lies between the two is kept: gradients
    compute it again. A source that several members read gets one gradient.

    Args:
        members: Convolutions of one stride, whose results have one shape.
        inputs: (B, C, H, W) each.
        kernels: By member (C, 1, kernel height, kernel width).
        matrices: By member (O, C, 1, 1).
        reading: How inputs are read.
        moments: Whether norms will ask for the results' moments.

    Raises:
        ValueError: Shapes do not fit together; loops would read what is not there.
    """
    _check(members, inputs, kernels, matrices)
    norms = reading.norms
    trained = [tensor for norm in norms for tensor in norm[2:] if tensor is not None]
    running = [tensor for norm in norms for tensor in norm[:2]]
    weights = [*kernels, *matrices, *trained, *running]
    if (
        has_loops("separable_conv")
        and plain_cpu([*inputs, *weights])
        and all(map(Tensor.is_contiguous, weights))
        and min(*inputs[0].shape[1:], len(matrices[0]), *_result_size(members, inputs[0])) > 0
        and (not norms or inputs[0].numel() > inputs[0].shape[1])  # more than one pixel
        and len(set(map(Tensor.data_ptr, running))) == len(running)  # they may be shared
    ):
        results: tuple[Tensor, ...] = _SeparableConv.apply(  # type: ignore[no-untyped-call]
            members, reading, moments, *map(channels_last, inputs), *kernels, *matrices, *trained
        )
        return results
    read = [_read(k, x, reading) for k, x in enumerate(inputs)]
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
    size, stride = _result_size(members, inputs[0]), members[0].window.stride
    sources = [member.source for member in members]
    matrix = (matrices[0].shape[0], channels, 1, 1)
    fits = (
        len(members) == len(kernels) == len(matrices)
        and all(x.shape == shape for x in inputs)
        and all(
            kernel.shape == (channels, 1, *m.window.kernel)
            for kernel, m in zip(kernels, members, strict=True)
        )
        and all(each.shape == matrix for each in matrices)
        and all(m.window.stride == stride for m in members)
        and all(m.window.output(shape[2], shape[3]) == size for m in members)
        and sources == sorted(sources)
        and set(sources) == set(range(len(inputs)))
    )
    if not fits:
        raise ValueError("separable convolutions of one bundle read and give other shapes")


def _result_size(members: tuple[Member, ...], x: Tensor) -> Pair:
    """Return the (height, width) of the first member's result, which all have."""
    height, width = x.shape[2:]
    return members[0].window.output(height, width)


def _read(number: int, x: Tensor, reading: Reading) -> Tensor:
    if reading.norms:
        x = normalised(x, None, reading.norms[number], reading.rule)
    return functional.relu(x) if reading.relu else x


def _alone(window: Window, x: Tensor, kernel: Tensor, matrix: Tensor) -> Tensor:
    between = depthwise(x, kernel, window.stride, window.padding, window.dilation)
    if x.is_cpu and not torch.compiler.is_compiling():
        return pointwise(between, matrix, (1, 1), (0, 0), 1)
    return functional.conv2d(between, matrix)


class _SeparableConv(torch.autograd.Function):
    """Keeps its inputs if weights or their reading need them for a gradient, and the weights.

    Tensors are inputs, kernels, matrices, and scale and offset of every norm that has them.
    """

    @staticmethod
    def forward(
        ctx: Any, members: tuple[Member, ...], reading: Reading, moments: bool, *tensors: Tensor
    ) -> tuple[Tensor, ...]:
        inputs, others = tensors[: members[-1].source + 1], tensors[members[-1].source + 1 :]
        kernels, matrices = others[: len(members)], others[len(members) : 2 * len(members)]
        call = SeparableCall(members, inputs[0].shape, len(matrices[0]), relu=reading.relu)
        stats = None
        if reading.norms:
            sizes = sizes_of(len(inputs), inputs[0])
            stats = norm_stats(sizes, inputs, reading.norms, reading.rule)
        results = call.forward(inputs, kernels, matrices, stats, wants_moments=moments)
        needs = ctx.needs_input_grad[3:]
        ctx.wants_inputs = needs[: len(inputs)]
        ctx.wants_weights = any(needs[len(inputs) : len(inputs) + 2 * len(members)])
        ctx.wants_norms = any(needs[len(inputs) + 2 * len(members) :])
        ctx.norm_weights = len(others) - 2 * len(members)
        keeps = ctx.wants_weights or reading.relu or stats is not None
        ctx.kept = len(inputs) if keeps else 0
        ctx.save_for_backward(*inputs[: ctx.kept], *kernels, *matrices)
        ctx.call, ctx.reading, ctx.stats = call, reading, stats
        return results

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        stats = ctx.stats
        inputs, *weights = _split(ctx.saved_tensors, ctx.kept)
        found = ctx.call.backward(
            inputs,
            tuple(weights),
            stats,
            list(map(channels_last, gradients)),
            [want or ctx.wants_norms for want in ctx.wants_inputs],
            wants_weights=ctx.wants_weights,
        )
        to_norms: Sequence[Tensor | None] = (None,) * ctx.norm_weights
        if found.sums is not None:
            to_norms = _through_norms(ctx.reading, inputs, stats, found)
        return (None, None, None, *found.inputs, *found.kernels, *found.matrices, *to_norms)


def _split(
    tensors: Sequence[Tensor], sources: int
) -> tuple[Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]]:
    """Return inputs, kernels and matrices, which stand one behind the other."""
    members = (len(tensors) - sources) // 2
    return tensors[:sources], tensors[sources : sources + members], tensors[sources + members :]


def _through_norms(
    reading: Reading,
    inputs: Sequence[Tensor],
    stats: Tensor,
    found: Gradients,
) -> list[Tensor | None]:
    """Turn gradients of norms into those of what they read; return those of scales and offsets."""
    assert found.inputs is not None
    assert found.sums is not None
    sizes, count = sizes_of(len(inputs), inputs[0]), len(inputs)
    totals = torch.empty_like(stats)
    dtype, by_batch = inputs[0].dtype, flags((reading.rule.training,) * count)
    norm_gradients(sizes, stats, found.sums, totals, by_batch, dtype, inputs, found.inputs)
    totals = totals.to(dtype)
    return [
        totals[kind * count + k]
        for k, norm in enumerate(reading.norms)
        for kind, tensor in enumerate(norm[2:])
        if tensor is not None
    ]
