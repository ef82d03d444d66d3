"""A network to an ONNX model that runs it once: on a batch of examples, or for one step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from onnx import ModelProto

from dslnas.backends.onnx.fold import Weights
from dslnas.backends.onnx.prepare import prepare
from dslnas.backends.onnx.versions import OLDEST, Versions
from dslnas.backends.onnx.writer import LOGITS, Writer, named
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.primitive import input_name

TOKEN = input_name(())
"""Name of what a step of a recurrent network reads."""


def to_onnx(
    graph: PrimitiveGraph,
    weights: Weights,
    name: str,
    metadata: Mapping[str, str],
    class_names: Sequence[str] = (),
    versions: Versions = OLDEST,
) -> ModelProto:
    """Return a network, or one step of a recurrent one, as an ONNX model with batch norms folded.

    The model reads the inputs of the network by their names, float32 [batch, ...] as in training,
    or int64 [batch] where it is a token, and gives `logits`, float32 [batch, classes], for any
    batch size. An only input is an `image`, a `signal`, `features` or a `token`. A step reads its
    `token` and the states, float32 [batch, C] each, such as `h`, and gives them as `next_h`. Equal
    calls give equal bytes.

    Args:
        graph: A derived network; what only helps training is left out.
        weights: Its tensors by name, such as `stem/0_conv/weight`; others are ignored.
        name: Name of the graph in the model.
        metadata: Facts of its origin; goes into its properties and description.
        class_names: Names of the logits in order, for the property `class_names`, a JSON list.
        versions: Versions that it declares; by default the oldest that its nodes allow.

    Raises:
        UserError: NAS712 if the model is larger than a file of this format can be, NAS713 if its
            nodes do not allow the versions.
        ValueError: The graph has choices left, or tensors or class names do not fit it.
    """
    graph, folded = prepare(graph, weights)
    states = state_names(graph)
    classes = graph.by_name[graph.output].shape[0]
    if class_names and len(class_names) != classes:
        raise ValueError(f"{len(class_names)} class names for {classes} logits")
    properties = dict(metadata)
    if class_names:
        properties["class_names"] = json.dumps(list(class_names))
    writer = Writer(graph, folded)
    inputs = {node.name: key or input_name(node.shape) for key, node in graph.inputs.items()}
    names = {**inputs, **states}
    nexts = ((state.next, f"next_{states[state.name]}") for state in graph.states)
    computed = [node for node in graph.nodes if node.inputs]
    outputs = [(graph.output, LOGITS), *nexts]
    copies = named(outputs, {node.name for node in computed}, names)
    operators = [*writer.operators(computed, names), *copies]
    return writer.model(name, operators, inputs, states, properties, versions)


def state_names(graph: PrimitiveGraph) -> dict[str, str]:
    """Return what a model calls its states: `h` where that is clear, and else `cell0_h`.

    What it gives is called the same with `next_` in front, beside `logits`.
    """
    states = [state.name for state in graph.states]
    short = [name.rpartition("/")[2] for name in states]
    taken = [*short, *(f"next_{name}" for name in short), TOKEN, "tokens", LOGITS]
    if len(set(taken)) == len(taken) and len({name.partition("/")[0] for name in states}) == 1:
        return dict(zip(states, short, strict=True))
    return {name: name.replace("/", "_") for name in states}
