"""Convolutions of single pixels that read the parts of a concatenation, and through its ReLU.

cell0/out = concat a, b
cell1/0_relu = relu cell0/out                           cell1/1_conv = pointwise_conv(out=8,
cell1/1_conv = conv(kernel=1, out=8) cell1/0_relu  =>                      relu=true) a, b

Every cell begins with such convolutions of all that the cells before it give, several times as much
as a node gives: neither the parts side by side nor what of them is positive is ever written.
"""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.passes.rewrite import Pass
from dslnas.passes.separable import is_pointwise


def fuse_concats(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which convolutions of single pixels read what is before ReLU and concat.

    A ReLU that something else reads too stays for it. A concatenation does so with its readers: if
    it is needed in any case, its parts are not worth reading again.
    """
    needed = {node.name for node in graph.nodes if _is_needed(graph, node)}

    def fused(node: Node) -> Node:
        if node.primitive != "conv" or not is_pointwise(node):
            return node
        source, relu = graph.by_name[node.inputs[0]], False
        if source.primitive == "relu":
            source, relu = graph.by_name[source.inputs[0]], True
        is_joined = source.primitive == "concat" and source.name not in needed
        if not relu and not is_joined:
            return node
        (tensor,) = node.tensors
        (weight,) = node.weights
        return replace(
            node,
            primitive="pointwise_conv",
            inputs=source.inputs if is_joined else (source.name,),
            attributes=(("out", node.shape[0]), ("relu", relu), ("bundle", 0)),
            weights=(replace(weight, name="matrix"),),
            borrowed=(("matrix", tensor),),
        )

    return without_unread(replace(graph, nodes=tuple(map(fused, graph.nodes))))


def _is_needed(graph: PrimitiveGraph, concat: Node) -> bool:
    """Say whether something reads a concatenation besides convolutions of single pixels."""
    if concat.primitive != "concat" or len(concat.shape) != 3:
        return True
    readers = [graph.by_name.get(name) for name in graph.readers[concat.name]]
    return not all(reader is not None and _reads_pixels(graph, reader) for reader in readers)


def _reads_pixels(graph: PrimitiveGraph, node: Node) -> bool:
    if node.primitive == "relu":
        readers = [graph.by_name.get(name) for name in graph.readers[node.name]]
        return all(r is not None and r.primitive == "conv" and is_pointwise(r) for r in readers)
    return node.primitive == "conv" and is_pointwise(node)


FUSE_CONCATS = Pass(
    fuse_concats,
    "convolutions of single pixels read the parts of a concatenation, and through its ReLU",
    keeps_choices=True,
    after=("separable",),
    loops="pointwise_conv",
)
