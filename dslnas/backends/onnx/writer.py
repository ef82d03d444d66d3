"""Nodes of a graph as operators, and a finished model around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from dslnas.backends.onnx.emit_context import EmitContext
from dslnas.backends.onnx.emitters import EMITTERS
from dslnas.backends.onnx.fold import Tensors
from dslnas.backends.onnx.versions import Versions, declare
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.primitive import Shape

LOGITS, BATCH = "logits", "batch"


class Writer:
    """Writes nodes of one network, and every tensor of theirs once.

    Args:
        graph: The network, as `prepare` returns it.
        weights: Its tensors by name.

    Attributes:
        constants: The tensors so far: weights, and sizes that operators take as tensors.
    """

    def __init__(self, graph: PrimitiveGraph, weights: Tensors) -> None:
        self.constants: list[TensorProto] = []
        self._graph = graph
        self._weights = weights
        self._written: set[str] = set()

    def operators(self, nodes: Iterable[Node], names: Mapping[str, str]) -> Iterator[NodeProto]:
        """Yield the operators of some nodes, in the order of the graph.

        Tensors are called as in `names`, by node, and else as the node that gives them.
        """
        for node in nodes:
            for key in node.tensors:
                if key not in self._written:
                    self._written.add(key)
                    self.constants.append(numpy_helper.from_array(self._weights[key], key))
            inputs = tuple(names.get(source, source) for source in node.inputs)
            has_sides = len(self._graph.by_name[node.inputs[0]].shape) > 1
            context = EmitContext(node, inputs, names.get(node.name, node.name), has_sides)
            for proto in EMITTERS[node.primitive](context, **node.arguments):
                if isinstance(proto, NodeProto):
                    yield proto
                else:
                    self.constants.append(proto)

    def model(
        self,
        name: str,
        operators: Sequence[NodeProto],
        inputs: Mapping[str, str],
        states: Mapping[str, str],
        properties: Mapping[str, str],
        versions: Versions,
        axes: Sequence[str] = (BATCH,),
    ) -> ModelProto:
        """Return a checked model of operators and the tensors so far.

        Args:
            name: Name of its graph.
            operators: In the order in which they run.
            inputs: By node what the model calls its inputs.
            states: By node what it calls its states; behind a run `next_` stands in front.
            properties: Facts that it tells of itself; goes into its properties and description.
            versions: Versions that it declares.
            axes: Open axes of inputs and logits.
        """
        shapes = {node.name: node.shape for node in self._graph.nodes}
        carried = {called: shapes[node] for node, called in states.items()}
        body = helper.make_graph(
            operators,
            name,
            [
                *(value(called, shapes[node], axes) for node, called in inputs.items()),
                *(value(called, shape) for called, shape in carried.items()),
            ],
            [
                value(LOGITS, shapes[self._graph.output], axes),
                *(value(f"next_{called}", shape) for called, shape in carried.items()),
            ],
            self.constants,
        )
        properties = dict(sorted(properties.items()))
        lines = ("Written by dslnas.", *(f"{key}: {text}" for key, text in properties.items()))
        model = helper.make_model(body, producer_name="dslnas", doc_string="\n".join(lines))
        helper.set_model_props(model, properties)
        declare(model, versions)
        return model


def copy(source: str, output: str) -> NodeProto:
    """Return the operator that gives a value another name."""
    return helper.make_node("Identity", [source], [output], name=output)


def value(name: str, shape: Shape, axes: Sequence[str] = (BATCH,)) -> ValueInfoProto:
    """Return the type of a value with open axes before its shape; that of a token is ()."""
    kind = TensorProto.FLOAT if shape else TensorProto.INT64
    return helper.make_tensor_value_info(name, kind, (*axes, *shape))
