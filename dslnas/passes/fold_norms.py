"""Folding batch norms and drop paths into sums: those that end an operation are part of the sum.

x/1_norm = batch_norm x/0_conv                    x/1_norm = folded_norm x/0_conv
x/drop = drop_path x/1_norm                       x/drop = folded_drop x/1_norm
n1 = add x/drop, y                            =>  n1 = add x/drop, y

A batch norm is v -> (v - mean) * gamma / deviation + beta, and drop path multiplies an example by
f, which is 0 for some, so with s = gamma / deviation and the weight a of a `mix`

    a * f * norm(v) = f * (a * s * v + a * (beta - s * mean))

The sum needs the channels' means and deviations and reads v once; neither norm(v) nor anything that
it is multiplied to is ever written.
"""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.analysis.folding import sum_behind
from dslnas.graph.analysis.scalable import shared_statistics
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.passes.rewrite import Pass


def fold_norms(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which norms and drop paths of images that only a sum reads are left to it.

    One sum takes over norms of the same arguments only, those of the first, and none that move the
    statistics of others: a sum runs later than they do. In a recurrent network a sum may run for
    all steps at once, but a norm for every step by itself.
    """
    return graph if graph.is_sequence else _norms_folded(_drops_folded(graph))


def _drops_folded(graph: PrimitiveGraph) -> PrimitiveGraph:
    def folded(node: Node) -> Node:
        is_drop = node.primitive == "drop_path" and len(node.shape) == 3
        fits = is_drop and sum_behind(graph, node) is not None
        return replace(node, primitive="folded_drop") if fits else node

    return replace(graph, nodes=tuple(map(folded, graph.nodes)))


def _norms_folded(graph: PrimitiveGraph) -> PrimitiveGraph:
    shared = shared_statistics(graph)
    arguments: dict[str, object] = {}
    for node in graph.nodes:
        reader = sum_behind(graph, node) if node.primitive == "folded_norm" else None
        if reader is not None:
            arguments[reader.name] = node.attributes

    def folded(node: Node) -> Node:
        is_norm = node.primitive == "batch_norm" and len(node.shape) == 3
        is_norm = is_norm and shared.isdisjoint(node.tensors)
        reader = sum_behind(graph, node) if is_norm else None
        if reader is None:
            return node
        same = arguments.setdefault(reader.name, node.attributes) == node.attributes
        return replace(node, primitive="folded_norm") if same else node

    return replace(graph, nodes=tuple(map(folded, graph.nodes)))


FOLD_NORMS = Pass(
    fold_norms,
    "sums apply the batch norms and drop paths of what they add up",
    keeps_choices=True,
    after=("merge_sums",),
)
