"""Nodes of a graph as operators, and a finished model around them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence, Set

from onnx import (
    GraphProto,
    ModelProto,
    NodeProto,
    TensorProto,
    ValueInfoProto,
    helper,
    numpy_helper,
)

from dslnas.backends.onnx.emit_context import EmitContext
from dslnas.backends.onnx.emitters import EMITTERS
from dslnas.backends.onnx.fold import Tensors
from dslnas.backends.onnx.repeats import without_repeats
from dslnas.backends.onnx.versions import Versions, declare, nodes_of
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
            inputs = tuple(names.get(source, source) for source in node.inputs)
            arrays = tuple(map(self._weights.__getitem__, node.tensors))
            has_sides = len(self._graph.by_name[node.inputs[0]].shape) > 1
            output = names.get(node.name, node.name)
            context = EmitContext(node, inputs, output, arrays, has_sides)
            for proto in EMITTERS[node.primitive](context, **node.arguments):
                if isinstance(proto, NodeProto):
                    self._write_weights(set(proto.input).intersection(node.tensors))
                    yield proto
                else:
                    self.constants.append(proto)

    def _write_weights(self, keys: Set[str]) -> None:
        for key in sorted(keys - self._written):
            self._written.add(key)
            self.constants.append(numpy_helper.from_array(self._weights[key], key))

    def body(
        self,
        name: str,
        operators: Iterable[NodeProto],
        inputs: Sequence[ValueInfoProto],
        outputs: Sequence[ValueInfoProto],
    ) -> GraphProto:
        """Return a graph without constants, in which nothing is computed twice."""
        kept = without_repeats(operators, self.constants, {value.name for value in outputs})
        return helper.make_graph(kept, name, inputs, outputs)

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
        given = [
            *(value(called, shapes[node], axes) for node, called in inputs.items()),
            *(value(called, shape) for called, shape in carried.items()),
        ]
        outputs = [
            value(LOGITS, shapes[self._graph.output], axes),
            *(value(f"next_{called}", shape) for called, shape in carried.items()),
        ]
        body = self.body(name, operators, given, outputs)
        used = {name for node in nodes_of(body) for name in node.input}
        properties = dict(sorted(properties.items()))
        lines = ("Written by dslnas.", *(f"{key}: {text}" for key, text in properties.items()))
        model = helper.make_model(body, producer_name="dslnas", doc_string="\n".join(lines))
        model.graph.initializer.extend(t for t in self.constants if t.name in used)
        helper.set_model_props(model, properties)
        declare(model, versions)
        return model


def named(
    outputs: Iterable[tuple[str, str]], computed: Container[str], names: dict[str, str]
) -> list[NodeProto]:
    """Name what computes each output as the output; return copies where that is not possible.

    What is read from outside, or is an output already, is copied.

    Args:
        outputs: By node the name of an output.
        computed: Nodes that may have another name.
        names: Names of the other nodes; gets those of outputs.
    """
    copies = []
    for node, output in outputs:
        if node in computed and node not in names:
            names[node] = output
        else:
            copies.append(copy(names.get(node, node), output))
    return copies


def copy(source: str, output: str) -> NodeProto:
    """Return the operator that gives a value another name."""
    return helper.make_node("Identity", [source], [output], name=output)


def value(name: str, shape: Shape, axes: Sequence[str] = (BATCH,)) -> ValueInfoProto:
    """Return the type of a value with open axes before its shape; that of a token is ()."""
    kind = TensorProto.FLOAT if shape else TensorProto.INT64
    return helper.make_tensor_value_info(name, kind, (*axes, *shape))
