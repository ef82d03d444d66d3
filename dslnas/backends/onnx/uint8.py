"""A model that reads pictures of any size as bytes: an exported one behind its preprocessing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper

from dslnas.backends.onnx.resize import Name, Nodes, Side, resized, sides
from dslnas.backends.onnx.versions import check_whole
from dslnas.backends.onnx.writer import LOGITS
from dslnas.data.preprocessing import Preprocessing

PICTURE, SCOPE = "image", "picture"

ENDS = {"classification": "Softmax", "multilabel": "Sigmoid", "regression": ""}
"""Operator behind the logits by what is predicted."""

OUTPUTS = {
    "classification": "probabilities",
    "multilabel": "probabilities",
    "regression": "numbers",
}

RESIZE = (
    "inside of the graph, for uint8 [height, width, channels] of any size; Pillow's to the byte"
)
"""Property of a model: how far its resize is from Pillow's, as tests have it."""


def with_preprocessing(model: ModelProto, how: Preprocessing, goal: str) -> ModelProto:
    """Return a model of images that resizes and normalises a picture itself.

    It reads `image`, uint8 (height, width, channels) of any size, upright and with the channels of
    the mode, and gives `probabilities` (classes,), or `numbers` where these are predicted. The
    resize is Pillow's to the byte.
    """
    (opset,) = (entry.version for entry in model.opset_import if not entry.domain)
    out = Nodes(SCOPE, opset)
    normalised = _normalised(out, _fitted(out, how), how)
    (given,), (logits,) = model.graph.input, model.graph.output
    inner = [_renamed(node, {given.name: normalised}) for node in model.graph.node]
    outputs, (_, classes) = OUTPUTS[goal], logits.type.tensor_type.shape.dim
    before = len(out.nodes)
    end = out.add(ENDS[goal], LOGITS, **_axis(goal)) if ENDS[goal] else LOGITS
    shape = out.whole([classes.dim_value])
    last = helper.make_node("Reshape", [end, shape], [outputs], name=outputs)
    body = helper.make_graph(
        [*out.nodes[:before], *inner, *out.nodes[before:], last],
        model.graph.name,
        [
            helper.make_tensor_value_info(
                PICTURE, TensorProto.UINT8, ["height", "width", how.channels]
            )
        ],
        [helper.make_tensor_value_info(outputs, TensorProto.FLOAT, [classes.dim_value])],
        [*model.graph.initializer, *out.constants.values()],
    )
    made = helper.make_model(
        body,
        opset_imports=model.opset_import,
        ir_version=model.ir_version,
        producer_name=model.producer_name,
        doc_string=f"{model.doc_string}\nresize: {RESIZE}",
    )
    told = {entry.key: entry.value for entry in model.metadata_props}
    helper.set_model_props(made, dict(sorted({**told, "resize": RESIZE}.items())))
    check_whole(made)
    return made


def _axis(goal: str) -> dict[str, int]:
    return {"axis": 1} if goal == "classification" else {}


def _renamed(node: NodeProto, names: Mapping[str, Name]) -> NodeProto:
    """Return a node that reads other tensors."""
    copied = NodeProto()
    copied.CopyFrom(node)
    copied.input[:] = [names.get(name, name) for name in node.input]
    return copied


def _fitted(out: Nodes, how: Preprocessing) -> Name:
    """Add the picture with the sides of the network, bytes as float32 (channels, height, width)."""
    height, width = sides(out, PICTURE, how)
    planes = out.cast(out.add("Transpose", PICTURE, perm=[2, 0, 1]), TensorProto.FLOAT)
    if how.mode != "RGBA":
        return resized(out, planes, height, width)
    if how.kept is not None:
        return _resized_with_opacity(out, planes, height, width)
    changed = out.add("Or", _changes(out, height), _changes(out, width))
    return _resized_with_opacity(out, planes, height, width, changed)


def _resized_with_opacity(
    out: Nodes, planes: Name, height: Side, width: Side, changed: Name = ""
) -> Name:
    """Add the resize of colours that weigh as much as they are opaque.

    They are multiplied by their opacity before and divided by it behind, rounded as Pillow rounds;
    where nothing is `changed`, Pillow leaves them alone. Without that word something always is.
    """

    def where_changed(new: Name, old: Name) -> Name:
        return out.add("Where", changed, new, old) if changed else new

    colours, opacity = _parts(out, planes)
    product = out.add("Add", out.add("Mul", colours, opacity), out.single(128))
    carried = out.add("Floor", out.add("Div", product, out.single(256)))
    product = out.add("Div", out.add("Add", carried, product), out.single(256))
    weighed = where_changed(out.add("Floor", product), colours)
    planes = resized(out, out.add("Concat", weighed, opacity, axis=0), height, width)
    colours, opacity = _parts(out, planes)
    is_clear = out.add("Equal", out.cast(opacity, TensorProto.INT32), out.constant(0, np.int32))
    divisor = out.add("Where", is_clear, out.single(255), opacity)
    quotient = out.add("Div", out.add("Mul", colours, out.single(255)), divisor)
    shown = out.add("Min", out.add("Floor", quotient), out.single(255))
    return out.add("Concat", where_changed(shown, colours), opacity, axis=0)


def _changes(out: Nodes, side: Side) -> Name:
    """Add whether a side changes; runtimes before 2021 have no Equal of float64."""
    lesser = out.add("Less", side.count, side.size)
    return out.add("Or", lesser, out.add("Less", side.size, side.count))


def _parts(out: Nodes, planes: Name) -> tuple[Name, Name]:
    """Add the colours and the opacity apart."""
    colours = out.add("Gather", planes, out.whole([0, 1, 2]), axis=0)
    return colours, out.add("Gather", planes, out.whole([3]), axis=0)


def _normalised(out: Nodes, planes: Name, how: Preprocessing) -> Name:
    """Add the division by 255 and the normalisation; a batch of one, (1, channels, ...)."""
    channels = (how.channels, 1, 1)
    numbers = out.add("Div", planes, out.single(how.divisor))
    if any(how.mean):
        numbers = out.add("Sub", numbers, out.single(np.reshape(how.mean, channels)))
    if any(std != 1 for std in how.std):
        numbers = out.add("Div", numbers, out.single(np.reshape(how.std, channels)))
    return out.add("Reshape", numbers, out.whole([1, how.channels, how.height, how.width]))
