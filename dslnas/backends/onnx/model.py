"""Primitive graph to ONNX model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from dslnas.backends.onnx.emitters import EMITTERS
from dslnas.backends.onnx.fold import Weights, fold_batch_norm
from dslnas.backends.onnx.inference import inference_graph
from dslnas.backends.onnx.site import Site
from dslnas.diagnostics import user_error
from dslnas.graph.graph import INPUT, PrimitiveGraph
from dslnas.primitives.spec import Shape

IMAGE = "image"
LOGITS = "logits"
BATCH = "batch"

# Of 2022, so that runtimes of phones and accelerators read it too. It has everything the emitters
# write; of what came later only Gelu (20) is of use, and that is five older operators.
OPSET = 17
# The oldest format with this opset; runtimes refuse a file that is newer than they are.
IR_VERSION = 8

MAX_BYTES = 2**31 - 1
"""A file is one protobuf message, and no message is larger."""

# Generous: a node with its name, inputs and sizes takes 300 to 800 bytes.
_BYTES_PER_NODE = 2_000


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
        graph: A derived network; what only helps training is left out.
        weights: Its tensors by name, such as `stem/0_conv/weight`; others are ignored.
        name: Of the graph in the model.
        metadata: What the model says of its origin; goes into its properties and description.
        class_names: Of the logits in order, for the property `class_names`, a JSON list.

    Raises:
        UserError: NAS712 if the model is larger than a file of this format can be.
        ValueError: The graph has choices left, or tensors or class names do not fit it.
    """
    graph = inference_graph(graph)
    _check_choices(graph)
    _check_size(graph)
    _check_weights(graph, weights)
    classes = graph.by_name[graph.output].shape[0]
    if class_names and len(class_names) != classes:
        raise ValueError(f"{len(class_names)} class names for {classes} logits")
    graph, folded = fold_batch_norm(graph, weights)
    properties = dict(metadata)
    if class_names:
        properties["class_names"] = json.dumps(list(class_names))
    model = _model(graph, folded, name, dict(sorted(properties.items())))
    onnx.checker.check_model(model, full_check=True)
    return model


def _model(
    graph: PrimitiveGraph,
    weights: Mapping[str, NDArray[np.float32]],
    name: str,
    properties: Mapping[str, str],
) -> ModelProto:
    protos = list(_protos(graph, weights))
    body = helper.make_graph(
        [p for p in protos if isinstance(p, NodeProto)],
        name,
        [_value(IMAGE, graph.input_shape)],
        [_value(LOGITS, graph.by_name[graph.output].shape)],
        [p for p in protos if isinstance(p, TensorProto)],
    )
    lines = ("Written by dslnas.", *(f"{key}: {value}" for key, value in properties.items()))
    model = helper.make_model(
        body,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="dslnas",
        doc_string="\n".join(lines),
    )
    helper.set_model_props(model, dict(properties))
    return model


def _protos(
    graph: PrimitiveGraph, weights: Mapping[str, NDArray[np.float32]]
) -> Iterator[NodeProto | TensorProto]:
    """Yield operators and initialisers, node by node."""
    tensors = {node.name: node.name for node in graph.nodes}
    tensors |= {graph.output: LOGITS, INPUT: IMAGE}
    for node in graph.nodes:
        if node.name == INPUT:
            continue
        for weight in node.weights:
            key = f"{node.name}/{weight.name}"
            yield numpy_helper.from_array(weights[key], key)
        inputs = tuple(tensors[source] for source in node.inputs)
        is_image = len(graph.by_name[node.inputs[0]].shape) == 3
        yield from EMITTERS[node.primitive](Site(node, inputs, tensors[node.name], is_image))
    if graph.output == INPUT:
        yield helper.make_node("Identity", [IMAGE], [LOGITS], name=LOGITS)


def _value(name: str, shape: Shape) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, (BATCH, *shape))


def _check_choices(graph: PrimitiveGraph) -> None:
    for node in graph.nodes:
        if node.primitive == "mix":
            raise ValueError(f"`{node.name}` is a choice: derive an architecture first")


def _check_size(graph: PrimitiveGraph) -> None:
    """Refuse a model before gigabytes are written for it in vain."""
    numbers = sum(weight.size for node in graph.nodes for weight in node.weights)
    size = numbers * np.dtype(np.float32).itemsize + len(graph.nodes) * _BYTES_PER_NODE
    if size > MAX_BYTES:
        raise user_error(
            "NAS712",
            f"an ONNX file holds at most {MAX_BYTES:,} bytes, but this model has {size:,}",
            help="use fewer `channels` or `repeat` less in `evaluate`, or export `python` only",
        )


def _check_weights(graph: PrimitiveGraph, weights: Weights) -> None:
    for node in graph.nodes:
        for weight in node.weights:
            key = f"{node.name}/{weight.name}"
            if key not in weights:
                raise ValueError(f"tensor `{key}` is missing")
            if weights[key].shape != weight.shape:
                raise ValueError(f"tensor `{key}` is {weights[key].shape}, not {weight.shape}")
