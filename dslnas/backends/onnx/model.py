"""A network that is not recurrent to an ONNX model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import onnx
from onnx import ModelProto, TensorProto, helper

from dslnas.backends.onnx.fold import Weights
from dslnas.backends.onnx.prepare import prepare
from dslnas.backends.onnx.writer import Writer, finish
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.primitive import Shape

IMAGE = "image"
"""Name of an input that has none in the graph."""

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

    The model reads the inputs of the network by their names, float32 [batch, ...] as in training,
    or int64 [batch] where it is a token, and gives `logits`, float32 [batch, classes], for any
    batch size. An input without a name is called `image`. Equal arguments give equal bytes.

    Args:
        graph: A derived network; what only helps training is left out.
        weights: Its tensors by name, such as `stem/0_conv/weight`; others are ignored.
        name: Name of the graph in the model.
        metadata: Facts of its origin; goes into its properties and description.
        class_names: Names of the logits in order, for the property `class_names`, a JSON list.

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
    names = {node.name: name or IMAGE for name, node in graph.inputs.items()}
    inputs = [_value(names[node.name], node.shape) for node in graph.inputs.values()]
    nodes = (node for node in graph.nodes if node.inputs)
    operators = list(writer.operators(nodes, {graph.output: LOGITS, **names}))
    if graph.output in names:
        image = names[graph.output]
        operators.append(helper.make_node("Identity", [image], [LOGITS], name=LOGITS))
    body = helper.make_graph(
        operators,
        name,
        inputs,
        [_value(LOGITS, graph.by_name[graph.output].shape)],
        writer.constants,
    )
    return finish(body, properties)


def _value(name: str, shape: Shape) -> onnx.ValueInfoProto:
    kind = TensorProto.FLOAT if shape else TensorProto.INT64
    return helper.make_tensor_value_info(name, kind, (BATCH, *shape))
