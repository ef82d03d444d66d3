"""Separable convolutions that apply the ReLU in front of them themselves.

x/0_relu = relu y                                          x/2_conv = separable_conv(kernel=3,
x/2_conv = separable_conv(kernel=3, out=8) x/0_relu  =>               out=8, relu=true) y

A convolution lays what it reads into a space of its own in any case. What is read there without its
negative numbers is neither written nor kept: gradients read y again.
"""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.passes.rewrite import Pass


def fuse_reads(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which separable convolutions read what the ReLUs in front of them read.

    A ReLU that something else reads too stays for it.
    """

    def fused(node: Node) -> Node:
        if node.primitive != "separable_conv" or node.attribute("relu"):
            return node
        before = graph.by_name[node.inputs[0]]
        if before.primitive != "relu":
            return node
        given = {**node.arguments, "relu": True}
        return replace(node, inputs=before.inputs, attributes=tuple(given.items()))

    return without_unread(replace(graph, nodes=tuple(map(fused, graph.nodes))))


FUSE_READS = Pass(
    fuse_reads,
    "separable convolutions apply the ReLU in front of them",
    keeps_choices=True,
    after=("separable",),
    loops="separable_conv",
)
