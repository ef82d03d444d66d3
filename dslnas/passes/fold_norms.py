"""Folding mixing weights into batch norm: the norm that ends an operation is part of the sum.

x/1_norm = batch_norm(affine=false) x/0_conv      x/1_norm = folded_norm(affine=false) x/0_conv
n1 = mix cell[0] x/1_norm, y                  =>  n1 = mix cell[0] x/1_norm, y

A batch norm is v -> (v - mean) / deviation, so with s = a / deviation

    a * norm(v) = s * v - s * mean

The sum needs the channels' means and deviations and reads v once; neither norm(v) nor a * norm(v)
is ever written.
"""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.passes.rewrite import Pass


def fold_norms(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which a batch norm of images that only a `mix` reads is left to it.

    One mix takes over norms of the same arguments only, those of the first.
    """
    readers = graph.readers
    arguments: dict[str, object] = {
        readers[node.name][0]: node.attributes
        for node in graph.nodes
        if node.primitive == "folded_norm"
    }

    def folded(node: Node) -> Node:
        if node.primitive != "batch_norm" or node.attribute("affine"):
            return node
        reader = graph.by_name.get(readers[node.name][0])
        alone = len(readers[node.name]) == 1 and reader is not None and reader.primitive == "mix"
        if not alone or reader is None or len(node.shape) != 3:
            return node
        same = arguments.setdefault(reader.name, node.attributes) == node.attributes
        return replace(node, primitive="folded_norm") if same else node

    return replace(graph, nodes=tuple(map(folded, graph.nodes)))


FOLD_NORMS = Pass(
    fold_norms,
    "mixing weights are folded into the batch norms they scale",
    keeps_choices=True,
    after=("merge_sums",),
)
