"""The ONNX form of every primitive.

Weights of a node are initialisers already; an emitter only names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dslnas.backends.onnx.activation_forms import HARD_SIGMOID, activation_form, hard_swish
from dslnas.backends.onnx.emit_context import EmitContext, Emitter, Protos
from dslnas.backends.onnx.fold import scale_and_offset
from dslnas.ops.activations import ACTIVATIONS
from dslnas.ops.shapes import along

Pair: TypeAlias = tuple[int, int]


# ---- layers with weights ------------------------------------------------------------------------


def _conv(
    context: EmitContext, *, dilation: Pair, groups: int, out: int, bias: bool, **window: Pair
) -> Protos:
    sizes = {**_window(context, **window), "dilations": _along(context, dilation)}
    yield context.last("Conv", (*context.inputs, *context.weights), **sizes, group=groups)


def _linear(context: EmitContext, **others: object) -> Protos:
    (features,) = context.inputs
    if context.has_sides:
        flat = context.step("Flatten", (features,), "flatten", axis=1)
        yield flat
        features = flat.name
    yield context.last("Gemm", (features, *context.weights), transB=1)


def _embedding(context: EmitContext, **others: object) -> Protos:
    yield context.last("Gather", (*context.weights, *context.inputs), axis=0)


def _batch_norm(context: EmitContext, **others: object) -> Protos:
    # Those that could not be folded. Not BatchNormalization, which up to opset 13 is read as a step
    # of training by ONNX's own evaluator.
    yield from _affine(context, context.inputs[0], *scale_and_offset(context.node, context.arrays))


def _layer_norm(context: EmitContext, *, affine: bool, eps: float) -> Protos:
    # The channels go to the end, over which the operator norms; there is one for every position.
    axes = range(1, 1 + len(context.node.shape))
    (x,), last = context.inputs, len(context.node.shape)
    weights = context.weights
    if not affine:
        ones = context.constant("weight", np.ones(context.node.shape[0], np.float32))
        yield ones
        weights = (ones.name,)
    if last == 1:
        yield context.last("LayerNormalization", (x, *weights), axis=-1, epsilon=eps)
        return
    away = context.step("Transpose", (x,), "away", perm=(0, *axes[1:], 1))
    inputs = (away.name, *weights)
    normed = context.step("LayerNormalization", inputs, "normed", axis=-1, epsilon=eps)
    yield from (away, normed)
    yield context.last("Transpose", (normed.name,), perm=(0, last, *axes[:-1]))


def _group_norm(context: EmitContext, *, groups: int, affine: bool, eps: float) -> Protos:
    apart = context.whole("apart", 0, groups, -1)
    together = context.whole("together", 0, *context.node.shape)
    ones = context.constant("ones", np.ones(groups, np.float32))
    zeros = context.constant("zeros", np.zeros(groups, np.float32))
    grouped = context.step("Reshape", (*context.inputs, apart.name), "grouped")
    inputs = (grouped.name, ones.name, zeros.name)
    normed = context.step("InstanceNormalization", inputs, "normed", epsilon=eps)
    yield from (apart, together, ones, zeros, grouped, normed)
    if not affine:
        yield context.last("Reshape", (normed.name, together.name))
        return
    whole = context.step("Reshape", (normed.name, together.name), "whole")
    yield whole
    yield from _affine(context, whole.name, *context.arrays)


def _scale(context: EmitContext, **others: float) -> Protos:
    factor = context.by_channel("factor", *context.arrays)
    yield factor
    yield context.last("Mul", (*context.inputs, factor.name))


def _position(context: EmitContext) -> Protos:
    yield context.last("Add", (*context.inputs, *context.weights))


# ---- pooling and space --------------------------------------------------------------------------


def _max_pool2d(context: EmitContext, **window: Pair) -> Protos:
    yield context.last("MaxPool", context.inputs, **_window(context, **window))


def _avg_pool2d(context: EmitContext, **window: Pair) -> Protos:
    sizes = _window(context, **window)
    yield context.last("AveragePool", context.inputs, **sizes, count_include_pad=0)


def _shift(context: EmitContext, *, pixels: int) -> Protos:
    # Padded before it is cut, so that a shift by more than the image leaves no tensor of size 0.
    sizes = len(context.node.shape) - 1
    pads = context.whole("pads", *[0] * (4 + sizes), *[pixels] * sizes)
    padded = context.step("Pad", (*context.inputs, pads.name), "pad")
    axes = tuple(range(2, 2 + sizes))
    yield from (pads, padded)
    yield from _slice(context, padded.name, axes=axes, start=pixels, size=None)


def _upsample(context: EmitContext, *, factor: int) -> Protos:
    # Not Resize, of which shape inference loses the batch: every pixel gets axes of its own.
    channels, *sizes = context.node.shape
    apart = [number for size in sizes for number in (size // factor, 1)]
    single = context.whole("single", 0, channels, *apart)
    several = context.whole("several", 1, 1, *[1, factor] * len(sizes))
    together = context.whole("together", 0, *context.node.shape)
    alone = context.step("Reshape", (*context.inputs, single.name), "alone")
    repeated = context.step("Expand", (alone.name, several.name), "repeated")
    yield from (single, several, together, alone, repeated)
    yield context.last("Reshape", (repeated.name, together.name))


# ---- structure ----------------------------------------------------------------------------------


def _zero(context: EmitContext, *, stride: Pair) -> Protos:
    # Not 0 * x, which would hand on infinities, and no tensor of a size that is computed: runtimes
    # fold that where the batch is fixed, and some fail over it where the batch is empty.
    (x,) = context.inputs
    if stride != (1, 1):
        ones = _along(context, (1, 1))
        fewer = context.step(
            "MaxPool", (x,), "fewer", kernel_shape=ones, strides=_along(context, stride)
        )
        yield fewer
        x = fewer.name
    nothing = context.constant("nothing", np.array(0, np.float32))
    nowhere = context.step("Less", (x, x), "nowhere")
    yield from (nothing, nowhere)
    yield context.last("Where", (nowhere.name, x, nothing.name))


def _entries(context: EmitContext) -> Protos:
    sizes = context.whole("sizes", 0, *context.node.shape)
    yield sizes
    yield context.last("Reshape", (*context.inputs, sizes.name))


def _rescale(context: EmitContext, *, factor: float, offset: float) -> Protos:
    by = context.constant("factor", np.array(factor, np.float32))
    plus = context.constant("offset", np.array(offset, np.float32))
    if offset == 0:
        yield by
        yield context.last("Mul", (*context.inputs, by.name))
    elif factor == 1:
        yield plus
        yield context.last("Add", (*context.inputs, plus.name))
    else:
        scaled = context.step("Mul", (*context.inputs, by.name), "scaled")
        yield from (by, plus, scaled)
        yield context.last("Add", (scaled.name, plus.name))


def _split(context: EmitContext, *, parts: int, index: int) -> Protos:
    size = context.node.shape[0]
    yield from _slice(context, context.inputs[0], axes=(1,), start=index * size, size=size)


def _shuffle(context: EmitContext, *, groups: int) -> Protos:
    channels, *sizes = context.node.shape
    apart = context.whole("apart", 0, groups, channels // groups, *sizes)
    together = context.whole("together", 0, channels, *sizes)
    grouped = context.step("Reshape", (*context.inputs, apart.name), "grouped")
    perm = (0, 2, 1, *range(3, 3 + len(sizes)))
    turned = context.step("Transpose", (grouped.name,), "turned", perm=perm)
    yield from (apart, together, grouped, turned)
    yield context.last("Reshape", (turned.name, together.name))


def _reshape(context: EmitContext, *, sizes: tuple[int, ...]) -> Protos:
    whole = context.whole("sizes", 0, *sizes)
    yield whole
    yield context.last("Reshape", (*context.inputs, whole.name))


def _transpose(context: EmitContext, *, first: int, second: int) -> Protos:
    axes = [*range(len(context.node.shape) + 1)]
    axes[first], axes[second] = second, first
    yield context.last("Transpose", context.inputs, perm=tuple(axes))


def _softmax(context: EmitContext, *, axis: int) -> Protos:
    yield context.last("Softmax", context.inputs, axis=axis)


def _add(context: EmitContext) -> Protos:
    # Runtimes fuse Add, not Sum, with what stands around it.
    yield context.last("Add" if len(context.inputs) == 2 else "Sum", context.inputs)


def _multiply(context: EmitContext) -> Protos:
    product = context.inputs[0]
    for place, factor in enumerate(context.inputs[1:-1], start=1):
        step = context.step("Mul", (product, factor), f"product_{place}")
        yield step
        product = step.name
    yield context.last("Mul", (product, context.inputs[-1]))


# ---- shared parts -------------------------------------------------------------------------------


def _simple(operator: str, **attributes: float) -> Emitter:
    """Return the emitter of a primitive that is one operator without attributes of its own."""

    def emit(context: EmitContext, **arguments: object) -> Protos:
        yield context.last(operator, context.inputs, **attributes)

    return emit


def _affine(
    context: EmitContext, source: str, factors: NDArray[Any], offsets: NDArray[Any]
) -> Protos:
    """Write a factor and an offset for each channel."""
    factor, offset = context.by_channel("factor", factors), context.by_channel("offset", offsets)
    scaled = context.step("Mul", (source, factor.name), "scaled")
    yield from (factor, offset, scaled)
    yield context.last("Add", (scaled.name, offset.name))


def _along(context: EmitContext, value: Pair) -> tuple[int, ...]:
    """Return a pair for the axes behind the channels; a signal has the last."""
    return along(value, len(context.node.shape) - 1)


def _window(
    context: EmitContext, kernel: Pair, stride: Pair, padding: Pair
) -> dict[str, tuple[int, ...]]:
    """Return what a sliding window has; ONNX wants the padding of each of the sides."""
    pads = _along(context, padding)
    sizes = {"kernel_shape": kernel, "strides": stride}
    return {**{key: _along(context, value) for key, value in sizes.items()}, "pads": (*pads, *pads)}


def _slice(
    context: EmitContext, source: str, *, axes: tuple[int, ...], start: int, size: int | None
) -> Protos:
    """Write `size` elements of each axis from `start` on; None takes all that follow."""
    end = np.iinfo(np.int64).max if size is None else start + size
    starts = context.whole("starts", *[start] * len(axes))
    ends = context.whole("ends", *[end] * len(axes))
    along = context.whole("axes", *axes)
    yield from (starts, ends, along)
    yield context.last("Slice", (source, starts.name, ends.name, along.name))


# Primitives that `drop_identities` removes have no form, and neither has `mix`: a model has no
# choices left. A `state` is an input of the model, or of the loop in it.
EMITTERS: Mapping[str, Emitter] = {
    "conv": _conv,
    "linear": _linear,
    "bounded_linear": _linear,
    "embedding": _embedding,
    "tied_linear": _linear,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "scale": _scale,
    "position": _position,
    "upsample": _upsample,
    "reshape": _reshape,
    "transpose": _transpose,
    "softmax": _softmax,
    "matmul": _simple("MatMul"),
    "max_pool2d": _max_pool2d,
    "avg_pool2d": _avg_pool2d,
    "global_avg_pool": _simple("GlobalAveragePool"),
    "shift": _shift,
    **{name: activation_form(this) for name, this in ACTIVATIONS.items()},
    "hard_sigmoid": _simple("HardSigmoid", **HARD_SIGMOID),
    "hard_swish": hard_swish,
    "flatten": _simple("Flatten", axis=1),
    "entries": _entries,
    "rescale": _rescale,
    "zero": _zero,
    "split": _split,
    "shuffle": _shuffle,
    "add": _add,
    "subtract": _simple("Sub"),
    "multiply": _multiply,
    "mean": _simple("Mean"),
    "max": _simple("Max"),
    "min": _simple("Min"),
    "concat": _simple("Concat", axis=1),
}
