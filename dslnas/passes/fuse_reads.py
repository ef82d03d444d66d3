"""Separable convolutions that apply the batch norm and the ReLU in front of them themselves.

x/0_norm = batch_norm y
x/1_relu = relu x/0_norm                                x/3_conv = normed_conv(kernel=3, out=8,
x/3_conv = separable_conv(kernel=3, out=8) x/1_relu  =>                        relu=true) y

A convolution lays what it reads into a space of its own in any case. What is read there normalised
and without its negative numbers is neither written nor kept: gradients read y again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.analysis.scalable import shared_tensors
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.passes.rewrite import Pass


def fuse_reads(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which separable convolutions read what is in front of ReLUs and norms.

    A ReLU that something else reads too stays for it. A norm must not be computed twice, as its
    statistics would move twice: nobody else may read it. Norms that share their statistics stay
    where they are: they move them in the order of nodes, and convolutions run in bundles.
    """
    shared = shared_tensors(graph)

    def fused(node: Node) -> Node:
        return _with_norm(graph, _with_relu(graph, node), shared)

    return without_unread(replace(graph, nodes=tuple(map(fused, graph.nodes))))


def _with_relu(graph: PrimitiveGraph, node: Node) -> Node:
    if node.primitive != "separable_conv" or node.attribute("relu"):
        return node
    before = graph.by_name[node.inputs[0]]
    if before.primitive != "relu":
        return node
    given = {**node.arguments, "relu": True}
    return replace(node, inputs=before.inputs, attributes=tuple(given.items()))


def _with_norm(graph: PrimitiveGraph, node: Node, shared: Collection[str]) -> Node:
    norm = graph.by_name[node.inputs[0]] if node.primitive == "separable_conv" else node
    if norm.primitive != "batch_norm" or not _is_read_alone(graph, norm, node):
        return node
    if not set(norm.tensors).isdisjoint(shared):
        return node
    names = [weight.name for weight in norm.weights]
    return replace(
        node,
        primitive="normed_conv",
        inputs=norm.inputs,
        attributes=node.attributes + norm.attributes,
        weights=norm.weights + node.weights,
        borrowed=(*zip(names, norm.tensors, strict=True), *node.borrowed),
    )


def _is_read_alone(graph: PrimitiveGraph, norm: Node, conv: Node) -> bool:
    """Say whether a convolution alone reads a norm, maybe through a ReLU that it alone reads."""
    readers = graph.readers[norm.name]
    if len(readers) == 1 and readers != [conv.name] and readers[0] in graph.by_name:
        between = graph.by_name[readers[0]]
        readers = graph.readers[between.name] if between.primitive == "relu" else ()
    return list(readers) == [conv.name]


FUSE_READS = Pass(
    fuse_reads,
    "separable convolutions apply the batch norm and the ReLU in front of them",
    keeps_choices=True,
    after=("separable", "fold_norms"),
    loops="separable_conv",
)
