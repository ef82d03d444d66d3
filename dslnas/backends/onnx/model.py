"""A network of images to an ONNX model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import onnx
from onnx import ModelProto, TensorProto, helper

from dslnas.backends.onnx.fold import Weights
from dslnas.backends.onnx.prepare import prepare
from dslnas.backends.onnx.writer import Writer, finish
from dslnas.graph.graph import INPUT, PrimitiveGraph
from dslnas.ops.primitive import Shape

IMAGE = "image"
LOGITS = "logits"
BATCH = "batch"


def to_onnx(
    graph: PrimitiveGraph,
    weights: Weights,
    *,
    name: str,
    metadata: Mapping[str, str],
    class_names: Sequence[str] = (),
) -> ModelProto:
    """Return the network as an ONNX model, batch norms folded.

    The model reads `image`, float32 [batch, C, H, W] normalised as in training, and gives
    `logits`, float32 [batch, classes], for any batch size. Equal arguments give equal bytes.

    Args:
        graph: A derived network of images; what only helps training is left out.
        weights: Its tensors by name, such as `stem/0_conv/weight`; others are ignored.
        name: Of the graph in the model.
        metadata: What the model says of its origin; goes into its properties and description.
        class_names: Of the logits in order, for the property `class_names`, a JSON list.

    Raises:
        UserError: NAS712 if the model is larger than a file of this format can be.
        ValueError: The graph has choices left, or tensors or class names do not fit it.
    """
    graph, folded = prepare(graph, weights)
    classes = graph.by_name[graph.output].shape[0]
    if class_names and len(class_names) != classes:
        raise ValueError(f"{len(class_names)} class names for {classes} logits")
    properties = dict(metadata)
    if class_names:
        properties["class_names"] = json.dumps(list(class_names))
    writer = Writer(graph, folded)
    nodes = (node for node in graph.nodes if node.name != INPUT)
    operators = list(writer.operators(nodes, {graph.output: LOGITS, INPUT: IMAGE}))
    if graph.output == INPUT:
        operators.append(helper.make_node("Identity", [IMAGE], [LOGITS], name=LOGITS))
    body = helper.make_graph(
        operators,
        name,
        [_value(IMAGE, graph.input_shape)],
        [_value(LOGITS, graph.by_name[graph.output].shape)],
        writer.constants,
    )
    return finish(body, properties)


def _value(name: str, shape: Shape) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, (BATCH, *shape))
