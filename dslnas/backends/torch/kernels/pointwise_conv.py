"""Convolutions of single pixels, many at once, of inputs that stand side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.availability import (
    channels_last,
    empty_images,
    has_loops,
    plain_cpu,
)
from dslnas.backends.torch.kernels.convolution import pointwise
from dslnas.backends.torch.kernels.kernel_args import round_up
from dslnas.backends.torch.kernels.kernel_call import KernelCall
from dslnas.backends.torch.kernels.moments import remember_all, room_for
from dslnas.backends.torch.kernels.once_differentiable import once_differentiable
from dslnas.backends.torch.kernels.pointwise_conv_args import (
    STRIP,
    PointwiseArgs,
    PointwiseSizes,
)
from dslnas.backends.torch.kernels.separable_conv_args import BLOCK

_MOST_PARTS, _PART = 16, 1024
"""Pixels are cut in so many parts at most, of so many pixels at least."""


def pointwise_conv(
    inputs: Sequence[Tensor],
    matrices: Sequence[Tensor],
    *,
    relu: bool = False,
    moments: bool = False,
) -> tuple[Tensor, ...]:
    """Return for every matrix the product of all pixels with it.

    A pixel's channels are those of all inputs, one input behind the other. Compiled, they are
    neither joined nor, with `relu`, written without negative numbers, and an input that several
    matrices multiply gets one gradient.

    Args:
        inputs: (B, C_i, H, W) each.
        matrices: (O, C, 1, 1) each, C the sum of the C_i.
        relu: Whether only what is positive of an input is read.
        moments: Whether norms will ask for the results' moments.

    Raises:
        ValueError: Shapes do not fit together; loops would read what is not there.
    """
    shape, channels = inputs[0].shape, sum(x.shape[1] for x in inputs)
    outs = matrices[0].shape[0]
    if any(x.shape[2:] != shape[2:] or len(x) != len(inputs[0]) for x in inputs) or any(
        matrix.shape != (outs, channels, 1, 1) for matrix in matrices
    ):
        raise ValueError("convolutions of single pixels read and give other shapes")
    if (
        has_loops("pointwise_conv")
        and plain_cpu([*inputs, *matrices])
        and all(map(Tensor.is_contiguous, matrices))
    ):
        results: tuple[Tensor, ...] = _PointwiseConv.apply(  # type: ignore[no-untyped-call]
            len(inputs), relu, moments, *map(channels_last, inputs), *matrices
        )
        return results
    x = torch.cat(list(inputs), 1) if len(inputs) > 1 else inputs[0]
    x = functional.relu(x) if relu else x
    if x.is_cpu and not torch.compiler.is_compiling():
        return tuple(pointwise(x, matrix, (1, 1), (0, 0), 1) for matrix in matrices)
    return tuple(functional.conv2d(x, matrix) for matrix in matrices)


class _PointwiseConv(torch.autograd.Function):
    """Keeps its inputs if matrices or `relu` need them for a gradient, and the matrices."""

    @staticmethod
    def forward(
        ctx: Any, count: int, relu: bool, moments: bool, *tensors: Tensor
    ) -> tuple[Tensor, ...]:
        inputs, matrices = tensors[:count], tensors[count:]
        batch, _, height, width = inputs[0].shape
        pixels, outs = batch * height * width, len(matrices[0])
        sizes = _sizes_of(tuple(x.shape[1] for x in inputs), pixels, len(matrices), outs)
        results = tuple(_images(inputs[0], outs) for _ in matrices)
        args = _args(sizes, inputs, matrices, results, relu=relu)
        if moments:
            args = replace(args, **room_for(len(matrices), sizes.parts, outs))
        call = KernelCall(args, inputs[0].dtype)
        call.run("forward", args.shares)
        if moments:
            call.run("merge_moments", len(matrices))
            remember_all(results, args.to_moments)
        ctx.save_for_backward(*tensors)
        ctx.count, ctx.relu, ctx.sizes, ctx.needs = count, relu, sizes, ctx.needs_input_grad[3:]
        return results

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        inputs, matrices = ctx.saved_tensors[: ctx.count], ctx.saved_tensors[ctx.count :]
        wanted, wants_matrices = ctx.needs[: ctx.count], any(ctx.needs[ctx.count :])
        to_inputs = [
            _images(x, x.shape[1]) if want else None for x, want in zip(inputs, wanted, strict=True)
        ]
        to_matrices = [torch.empty_like(matrix) if wants_matrices else None for matrix in matrices]
        args = _args(
            ctx.sizes,
            inputs,
            matrices,
            list(map(channels_last, gradients)),
            to_inputs if any(wanted) else None,
            to_matrices if wants_matrices else None,
            relu=ctx.relu,
        )
        call = KernelCall(args, inputs[0].dtype)
        call.run("backward", args.shares)
        if wants_matrices:
            call.run("gather", len(matrices))
        return (None, None, None, *to_inputs, *to_matrices)


def _args(
    sizes: PointwiseSizes,
    inputs: Sequence[Tensor],
    matrices: Sequence[Tensor],
    outputs: Sequence[Tensor],
    to_inputs: Sequence[Tensor | None] | None = None,
    to_matrices: Sequence[Tensor | None] | None = None,
    *,
    relu: bool,
) -> PointwiseArgs:
    shares, x = min(sizes.parts, torch.get_num_threads()), inputs[0]
    return PointwiseArgs(
        **vars(sizes),
        shares=shares,
        wants_inputs=to_inputs is not None,
        wants_matrices=to_matrices is not None,
        relu=relu,
        wants_moments=False,
        sources=list(map(_rows, inputs)),
        matrices=[matrix.flatten(1) for matrix in matrices],
        outputs=list(map(_rows, outputs)),
        scratch=x.new_empty((shares, sizes.scratch_size)),
        to_inputs=None if to_inputs is None else [t if t is None else _rows(t) for t in to_inputs],
        to_matrices=None
        if to_matrices is None
        else [t if t is None else t.flatten(1) for t in to_matrices],
        sums=None if to_matrices is None else x.new_empty(sizes.sums_size),
    )


@lru_cache(1024)
def _sizes_of(widths: tuple[int, ...], pixels: int, members: int, outs: int) -> PointwiseSizes:
    channels, given = sum(widths), round_up(members * outs, BLOCK)
    wide, strip = round_up(channels, BLOCK), torch.arange(STRIP)
    steps = wide + BLOCK, outs, given + BLOCK
    return PointwiseSizes(
        members=members,
        inputs=len(widths),
        pixels=pixels,
        parts=max(1, min(_MOST_PARTS, pixels // _PART, -(-pixels // STRIP))),
        channels=channels,
        wide=wide,
        step=steps[0],
        outs=outs,
        broad=round_up(outs, BLOCK),
        given=given,
        given_step=steps[2],
        widths=widths,
        parting=torch.cat(
            [torch.tensor(widths), *(strip * step for step in steps), torch.arange(wide) * given]
        ),
    )


def _rows(images: Tensor) -> Tensor:
    """Return images (B, C, H, W), channels innermost, as rows of channels (B * H * W, C)."""
    return images.permute(0, 2, 3, 1).flatten(0, 2)


def _images(x: Tensor, channels: int) -> Tensor:
    return empty_images((len(x), channels, *x.shape[2:]), x.dtype)
