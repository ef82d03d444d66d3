"""Merging of elementwise work: a batch norm and the ReLU behind it.

x/1_norm = batch_norm x/0_conv
x/2_relu = relu x/1_norm           =>      x/1_norm = norm_relu x/0_conv
x/3_conv = conv x/2_relu                   x/3_conv = conv x/1_norm
"""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.passes.pattern import Op, Value, match
from dslnas.passes.readers import readers_of
from dslnas.passes.rewrite import Pass

_NORM = Op(("batch_norm",), (Value("x"),), where=lambda node: len(node.shape) == 3)
_RELU = Op(("relu",), (_NORM,))


def norm_relu(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which a batch norm of images takes over a ReLU that is its only reader."""
    readers = readers_of(graph)
    stands = {
        node.name: found.nodes[_NORM][0].name
        for node in graph.nodes
        if (found := match(graph, node, _RELU, readers))
    }
    taking = set(stands.values())

    def changed(node: Node) -> Node:
        inputs = tuple(stands.get(name, name) for name in node.inputs)
        primitive = "norm_relu" if node.name in taking else node.primitive
        same = (primitive, inputs) == (node.primitive, node.inputs)
        return node if same else replace(node, primitive=primitive, inputs=inputs)

    nodes = tuple(changed(node) for node in graph.nodes if node.name not in stands)
    return without_unread(replace(graph, nodes=nodes))


NORM_RELU = Pass(norm_relu, "a batch norm and the ReLU behind it run as one", keeps_choices=True)
