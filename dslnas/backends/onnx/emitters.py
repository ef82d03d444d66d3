"""The ONNX form of every primitive.

Weights of a node are initialisers already; an emitter only names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
from onnx import NodeProto, TensorProto

from dslnas.backends.onnx.emit_context import Emitter, Site
from dslnas.ops.activations import ACTIVATIONS, Activation
from dslnas.ops.formula import evaluate

Protos: TypeAlias = Iterable[NodeProto | TensorProto]


# ---- layers with weights ------------------------------------------------------------------------


def _conv(site: Site) -> Protos:
    yield site.last(
        "Conv",
        (*site.inputs, *site.weights),
        **_window(site),
        dilations=site.pair("dilation"),
        group=site.count("groups"),
    )


def _linear(site: Site) -> Protos:
    (features,) = site.inputs
    if site.is_image:
        flat = site.step("Flatten", (features,), "flatten", axis=1)
        yield flat
        features = flat.name
    yield site.last("Gemm", (features, *site.weights), transB=1)


def _embedding(site: Site) -> Protos:
    yield site.last("Gather", (*site.weights, *site.inputs), axis=0)


def _batch_norm(site: Site) -> Protos:
    # Those that could not be folded. One BatchNormalization rather than Mul and Add: it has the
    # statistics in it by name, and runtimes fold it further where they see how.
    scale_and_offset: tuple[str, ...] = ()
    if not site.node.attribute("affine"):
        channels = site.node.shape[0]
        scale = site.constant("weight", np.ones(channels, np.float32))
        offset = site.constant("bias", np.zeros(channels, np.float32))
        yield from (scale, offset)
        scale_and_offset = (scale.name, offset.name)
    inputs = (*site.inputs, *scale_and_offset, *site.weights)
    yield site.last("BatchNormalization", inputs, epsilon=site.number("eps"))


# ---- pooling and space --------------------------------------------------------------------------


def _max_pool2d(site: Site) -> Protos:
    yield site.last("MaxPool", site.inputs, **_window(site))


def _avg_pool2d(site: Site) -> Protos:
    yield site.last("AveragePool", site.inputs, **_window(site), count_include_pad=0)


def _shift(site: Site) -> Protos:
    # Padded before it is cut, so that a shift by more than the image leaves no tensor of size 0.
    pixels = site.count("pixels")
    pads = site.whole("pads", 0, 0, 0, 0, 0, 0, pixels, pixels)
    padded = site.step("Pad", (*site.inputs, pads.name), "pad")
    yield from (pads, padded)
    yield from _slice(site, padded.name, axes=(2, 3), start=pixels, size=None)


# ---- activations --------------------------------------------------------------------------------


def _simple(operator: str, **attributes: float) -> Emitter:
    """Return the emitter of a primitive that is one operator without attributes of its own."""

    def emit(site: Site) -> Protos:
        yield site.last(operator, site.inputs, **attributes)

    return emit


OPERATORS: Mapping[str, str] = {
    "add": "Add",
    "subtract": "Sub",
    "multiply": "Mul",
    "divide": "Div",
    "maximum": "Max",
    "minimum": "Min",
    "exp": "Exp",
    "log": "Log",
    "erf": "Erf",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
}
"""The ONNX operator of every operator of a formula."""


def _activation(activation: Activation) -> Emitter:
    """Return the emitter of an activation: one operator, or those of its formula."""

    def emit(site: Site) -> Protos:
        if activation.operator:
            names = activation.operator_arguments
            attributes = {names[a.name]: site.number(a.name) for a in activation.arguments}
            yield site.last(activation.operator, site.inputs, **attributes)
        else:
            yield from _formula(site, activation)

    return emit


def _formula(site: Site, activation: Activation) -> Protos:
    """Write a formula step by step; numbers in it are constants of the node."""
    written: list[NodeProto | TensorProto] = []
    steps: list[tuple[str, list[str]]] = []

    def constant(value: float) -> str:
        tensor = site.constant(f"number_{len(written)}", np.array(value, np.float32))
        written.append(tensor)
        return tensor.name

    def apply(operator: str, operands: list[str | float]) -> str:
        names = [name if isinstance(name, str) else constant(name) for name in operands]
        steps.append((OPERATORS[operator], names))
        return site.inside(f"step_{len(steps)}")

    known = {a.name: constant(site.number(a.name)) for a in activation.arguments}
    evaluate(activation.formula, {"x": site.inputs[0], **known}, apply)
    yield from written
    for number, (operator, names) in enumerate(steps[:-1], start=1):
        yield site.step(operator, names, f"step_{number}")
    yield site.last(*steps[-1])


# ---- structure ----------------------------------------------------------------------------------


def _zero(site: Site) -> Protos:
    # Not 0 * x, which would hand on infinities; the batch size is known only when the model runs.
    batch = site.step("Shape", site.inputs[:1], "batch", start=0, end=1)
    sizes = site.whole("sizes", *site.node.shape)
    shape = site.step("Concat", (batch.name, sizes.name), "shape", axis=0)
    yield from (batch, sizes, shape)
    yield site.last("ConstantOfShape", (shape.name,))


def _split(site: Site) -> Protos:
    size = site.node.shape[0]
    yield from _slice(site, site.inputs[0], axes=(1,), start=site.count("index") * size, size=size)


def _shuffle(site: Site) -> Protos:
    channels, height, width = site.node.shape
    groups = site.count("groups")
    apart = site.whole("apart", 0, groups, channels // groups, height, width)
    together = site.whole("together", 0, channels, height, width)
    grouped = site.step("Reshape", (*site.inputs, apart.name), "grouped")
    turned = site.step("Transpose", (grouped.name,), "turned", perm=(0, 2, 1, 3, 4))
    yield from (apart, together, grouped, turned)
    yield site.last("Reshape", (turned.name, together.name))


def _add(site: Site) -> Protos:
    # Runtimes fuse Add, not Sum, with what stands around it.
    yield site.last("Add" if len(site.inputs) == 2 else "Sum", site.inputs)


def _multiply(site: Site) -> Protos:
    product = site.inputs[0]
    for place, factor in enumerate(site.inputs[1:-1], start=1):
        step = site.step("Mul", (product, factor), f"product_{place}")
        yield step
        product = step.name
    yield site.last("Mul", (product, site.inputs[-1]))


# ---- shared parts -------------------------------------------------------------------------------


def _window(site: Site) -> dict[str, tuple[int, ...]]:
    """Return what a sliding window has; ONNX wants the padding of each of the four sides."""
    height, width = site.pair("padding")
    return {
        "kernel_shape": site.pair("kernel"),
        "strides": site.pair("stride"),
        "pads": (height, width, height, width),
    }


def _slice(
    site: Site, source: str, *, axes: tuple[int, ...], start: int, size: int | None
) -> Protos:
    """Write `size` elements of each axis from `start` on; None takes all that follow."""
    end = np.iinfo(np.int64).max if size is None else start + size
    starts = site.whole("starts", *[start] * len(axes))
    ends = site.whole("ends", *[end] * len(axes))
    along = site.whole("axes", *axes)
    yield from (starts, ends, along)
    yield site.last("Slice", (source, starts.name, ends.name, along.name))


# Primitives that `inference_graph` removes have no form, and neither has `mix`: a model has no
# choices left. A `state` is an input of the model, or of the loop in it.
EMITTERS: Mapping[str, Emitter] = {
    "conv": _conv,
    "linear": _linear,
    "embedding": _embedding,
    "tied_linear": _linear,
    "batch_norm": _batch_norm,
    "max_pool2d": _max_pool2d,
    "avg_pool2d": _avg_pool2d,
    "global_avg_pool": _simple("GlobalAveragePool"),
    "shift": _shift,
    **{name: _activation(this) for name, this in ACTIVATIONS.items()},
    "zero": _zero,
    "split": _split,
    "shuffle": _shuffle,
    "add": _add,
    "subtract": _simple("Sub"),
    "multiply": _multiply,
    "mean": _simple("Mean"),
    "concat": _simple("Concat", axis=1),
}
