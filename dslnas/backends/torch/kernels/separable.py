"""Separable convolutions, many at once: depthwise, then of single pixels, with their gradients."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Size, Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.compiled import Told, channels_last, has_loops, plain_cpu
from dslnas.backends.torch.kernels.convolution import depthwise, pointwise
from dslnas.backends.torch.kernels.once import once
from dslnas.backends.torch.kernels.records import PLACES, ROWS, up
from dslnas.backends.torch.kernels.window import Window

_MOST_PARTS = 16
"""A part is some images of a batch. Weight gradients are summed up by part."""


@dataclass(frozen=True)
class Member:
    """One convolution of a layout.

    Attributes:
        window: Of its depthwise part.
        source: Number of the input that it reads; those of one source stand together.
    """

    window: Window
    source: int


def separable(
    members: tuple[Member, ...],
    inputs: Sequence[Tensor],
    kernels: Sequence[Tensor],
    matrices: Sequence[Tensor],
) -> tuple[Tensor, ...]:
    """Return for every member the convolution of its source by its kernel, then by its matrix.

    Compiled, what lies between the two is neither written nor kept, and a source that several
    members read gets one gradient.

    Args:
        members: Of one stride, whose results have one shape.
        inputs: (B, C, H, W) each.
        kernels: By member (C, 1, kernel height, kernel width).
        matrices: By member (O, C, 1, 1).

    Raises:
        ValueError: Shapes do not fit together; loops would read what is not there.
    """
    _check(members, inputs, kernels, matrices)
    tensors = [*map(channels_last, inputs), *kernels, *matrices]
    weights = [*kernels, *matrices]
    if has_loops("separable") and plain_cpu(tensors) and all(map(Tensor.is_contiguous, weights)):
        found: tuple[Tensor, ...] = _Separable.apply(members, *tensors)  # type: ignore[no-untyped-call]
        return found
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


class _Separable(torch.autograd.Function):
    """Keeps its inputs if weights need a gradient, and the weights."""

    @staticmethod
    def forward(ctx: Any, members: tuple[Member, ...], *tensors: Tensor) -> tuple[Tensor, ...]:
        count, sources = len(members), members[-1].source + 1
        inputs, weights = tensors[:sources], tensors[sources:]
        layout = _layout_of(members, inputs[0].shape, weights[count].shape[0])
        x = inputs[0]
        made = tuple(_images(layout.result, x.dtype) for _ in members)
        packed = x.new_empty(count * layout.packed)
        tables = _addresses(*inputs, *weights, *made)
        at = tables.buffer_info()[0]
        told = Told("separables", x.dtype, dict(layout.values))
        told.values |= {
            "inputs": at,
            "kernels": at + 8 * sources,
            "matrices": at + 8 * (sources + count),
            "outputs": at + 8 * (sources + 2 * count),
            "packed": packed.data_ptr(),
        }
        told.run("pack", count)
        told.values["tasks"] = tasks = min(x.shape[0], torch.get_num_threads())
        told.run("forward", tasks)
        needs = ctx.needs_input_grad[1:]
        ctx.wants = any(needs[:sources]), any(needs[sources:])
        ctx.save_for_backward(*(inputs if ctx.wants[1] else ()), *weights)
        ctx.layout, ctx.needs = layout, needs
        ctx.members = members
        return made

    @staticmethod
    @once
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        members, layout = ctx.members, ctx.layout
        count, sources = len(members), members[-1].source + 1
        to_x, to_w = ctx.wants
        given = tuple(map(channels_last, gradients))
        inputs, weights = ctx.saved_tensors[: -2 * count], ctx.saved_tensors[-2 * count :]
        g = given[0]
        of_inputs = [
            _images(layout.source, g.dtype) if need else None for need in ctx.needs[:sources]
        ]
        of_weights = [torch.empty_like(w) for w in weights] if to_w else [None] * (2 * count)
        packed = g.new_empty(count * layout.packed)
        sums = g.new_empty(layout.parts * count * layout.summed if to_w else 0)
        tables = _addresses(*weights, *given, *of_inputs, *of_weights, *inputs)
        at = tables.buffer_info()[0]
        told = Told("separables", g.dtype, dict(layout.values))
        told.values |= {
            "kernels": at,
            "matrices": at + 8 * count,
            "outputs": at + 16 * count,
            "to_inputs": at + 24 * count if to_x else 0,
            "packed": packed.data_ptr(),
        }
        if to_w:
            told.values |= {
                "to_kernels": at + 8 * (3 * count + sources),
                "to_matrices": at + 8 * (4 * count + sources),
                "inputs": at + 8 * (5 * count + sources),
                "sums": sums.data_ptr(),
            }
        told.run("pack", count)
        told.values["tasks"] = tasks = min(layout.parts, torch.get_num_threads())
        told.run("backward", tasks)
        if to_w:
            told.run("gather", count)
        return (None, *of_inputs, *of_weights)


@dataclass(frozen=True)
class _Layout:
    """What is the same at every step.

    Attributes:
        source: Shape of an input, (B, C, H, W).
        result: Shape of a result.
        parts: Of the batch.
        packed: How many values the packed weights of a member take.
        summed: How many the gradients of its weights take.
        values: Of the record.
        windows: A table that the record tells the address of.
    """

    source: tuple[int, ...]
    result: tuple[int, ...]
    parts: int
    packed: int
    summed: int
    values: dict[str, float]
    windows: array[int]


@lru_cache(1024)
def _layout_of(members: tuple[Member, ...], shape: Size, outs: int) -> _Layout:
    batch, channels, height, width = shape
    windows, parts = [member.window for member in members], min(batch, _MOST_PARTS)
    out_height, out_width = windows[0].output(height, width)
    rows = array("q")
    for member in members:
        window = member.window
        rows.extend((*window.kernel, *window.padding, *window.dilation, member.source))
    (down, right), area = windows[0].stride, max(w.kernel[0] * w.kernel[1] for w in windows)
    values: dict[str, float] = {
        "members": len(members),
        "sources": members[-1].source + 1,
        "batch": batch,
        "parts": parts,
        "channels": channels,
        "outs": outs,
        "area": area,
        "height": height,
        "width": width,
        "out_height": out_height,
        "out_width": out_width,
        "stride_height": down,
        "stride_width": right,
        "windows": rows.buffer_info()[0],
    }
    for axis, (name, size, out) in enumerate(
        (("height", height, out_height), ("width", width, out_width))
    ):
        edge = max(w.padding[axis] for w in windows)
        reach = [(w.kernel[axis] - 1) * w.dilation[axis] for w in windows]
        last = (out - 1) * windows[0].stride[axis]
        values[f"edge_{name}"] = edge
        values[f"padded_{name}"] = max(
            edge + size,
            *(edge - w.padding[axis] + last + r + 1 for w, r in zip(windows, reach, strict=True)),
        )
        values[f"given_{name}"] = max(
            max(0, r - w.padding[axis]) + max(size + w.padding[axis], last + 1)
            for w, r in zip(windows, reach, strict=True)
        )
    wide, broad = up(channels, ROWS), up(outs, ROWS)
    return _Layout(
        shape,
        (batch, outs, out_height, out_width),
        parts,
        area * wide + wide * broad,
        up(area, PLACES) * wide + wide * broad,
        values,
        rows,
    )


def _addresses(*tensors: Tensor | None) -> array[int]:
    return array("q", [0 if x is None else x.data_ptr() for x in tensors])


def _images(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    return torch.empty(shape, dtype=dtype, memory_format=torch.channels_last)
