"""The primitive graph as text: one line per node, for golden tests, dumps and bug reports.

An argument that has its usual value is left out; the usual stride is 1. Weights are never written,
they follow from the primitive; only those of other nodes are named. The head of
`grammars/graph.lark` shows an example.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import accumulate

from dslnas.graph.attributes import usual_value
from dslnas.graph.graph import Mix, Node, PrimitiveGraph
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import Argument, AttributeValue, Kind
from dslnas.ops.shapes import show_shape


def print_graph(graph: PrimitiveGraph) -> str:
    """Return a graph as text; all of a sound graph stands in it."""
    alphas = (f"alpha {name} {rows} x {columns}" for name, (rows, columns) in graph.alphas.items())
    carried = (f"carry {state.name} = {state.next}" for state in graph.states)
    output = f"output {', '.join(graph.outputs)}"
    return "\n".join([*alphas, *_body(graph), *carried, output, ""])


def _body(graph: PrimitiveGraph) -> Iterator[str]:
    """Yield nodes and scopes, both in their order, each scope before the first of its nodes."""
    places = {scope.path: place for place, scope in enumerate(graph.scopes)}
    lines = [f"scope {s.path} = {s.kind} {_quoted(s.label)}" for s in graph.scopes]
    printed = 0
    for node in graph.nodes:
        around = accumulate(node.name.split("/"), "{}/{}".format)
        opened = max(places.get(path, -1) for path in around) + 1
        yield from lines[printed:opened]
        printed = max(printed, opened)
        yield node_line(node)
    yield from lines[printed:]


def node_line(node: Node) -> str:
    """Return a node as text."""
    call = f"{node.name} = {node.primitive}{_arguments(node)}"
    row = f" {_row(node.mix)}" if node.mix else ""
    inputs = f" {', '.join(node.inputs)}" if node.inputs else ""
    loans = ", ".join(f"{weight} = {tensor}" for weight, tensor in node.borrowed)
    lent = f" with {loans}" if loans else ""
    return f"{call}{row}{inputs} : {show_shape(node.shape)}{lent}{_whose(node)}"


def _whose(node: Node) -> str:
    """Return how weights are marked that are searched, or what they are for good."""
    if any(weight.searched for weight in node.weights):
        return " searched"
    values = [repr(value) for weight in node.weights for value in weight.values]
    return f" fixed {', '.join(values)}" if values else ""


def _row(mix: Mix) -> str:
    last = f":{mix.row + mix.rows}" if mix.rows > 1 else ""
    rows = ", ".join(map(str, mix.edges)) if mix.edges else f"{mix.row}{last}"
    columns = f"{{{', '.join(map(str, mix.columns))}}}" if mix.columns else ""
    return f"{mix.cell}[{rows}]{columns}"


def _arguments(node: Node) -> str:
    primitive, attributes = PRIMITIVES.get(node.primitive), node.arguments
    known = {a.name: a for a in primitive.arguments} if primitive else {}
    shown = [
        f"{name}={_value(value, known.get(name))}"
        for name, value in node.attributes
        if name not in known or value != usual_value(known[name], attributes, attributes)
    ]
    return f"({', '.join(shown)})" if shown else ""


def _value(value: AttributeValue, argument: Argument | None) -> str:
    if isinstance(value, tuple):
        is_pair = argument is None or argument.kind is not Kind.SIZES
        is_one = len(set(value)) == 1 and len(value) == 2 and is_pair
        return str(value[0]) if is_one else f"({', '.join(map(str, value))})"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _quoted(label: str) -> str:
    return json.dumps(label, ensure_ascii=False)
