"""Common subexpressions: what is computed twice from the same values is computed once.

b = sigmoid a
c = sigmoid a          b = sigmoid a
d = add b, c     =>    d = add b, b
"""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.graph.unread import without_unread

ONCE_EACH = frozenset({"input", "state", "batch_norm", "dropout", "drop_path"})
"""Primitives of which two are not one: they draw their own random numbers, or keep statistics."""

PER_CELL = frozenset({"drop_embedded", "drop_input", "drop_state", "drop_output"})
"""Primitives of which two are one in the same cell only, where they share a mask."""


def share_equal(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which the first of several equal nodes stands for all of them."""
    first: dict[object, str] = {}
    stands: dict[str, str] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        inputs = tuple(stands.get(name, name) for name in node.inputs)
        cell = node.name.partition("/")[0] if node.primitive in PER_CELL else ""
        key = (node.primitive, node.attributes, inputs, node.tensors, node.mix, cell)
        if node.primitive not in ONCE_EACH and key in first:
            stands[node.name] = first[key]
            continue
        first.setdefault(key, node.name)
        nodes.append(replace(node, inputs=inputs))
    return without_unread(
        replace(
            graph,
            nodes=tuple(nodes),
            output=stands.get(graph.output, graph.output),
            auxiliary=graph.auxiliary and stands.get(graph.auxiliary, graph.auxiliary),
            states=tuple(replace(s, next=stands.get(s.next, s.next)) for s in graph.states),
        )
    )
