"""Bundles: the separable convolutions that can run at the same time stand side by side.

a/1 = separable_conv(kernel=3, out=8) x           a/1 = separable_conv(kernel=3, out=8, bundle=1) x
a/2 = relu a/1                            =>      b/1 = separable_conv(kernel=5, out=8, bundle=1) x
b/1 = separable_conv(kernel=5, out=8) x           a/2 = relu a/1

Small convolutions cost more to call than to compute. All that do not depend on each other, of one
stride and between the same shapes, are one bundle, whichever edges and cells they belong to: who
runs the graph may run it in one call. Results are brought forward, which costs no memory where all
of them are kept for a gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, groupby

from dslnas.graph.analysis.scalable import shared_statistics
from dslnas.graph.fused_laws import kind_of_bundle
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait
from dslnas.passes.rewrite import Pass, Phase


def bundle_convs(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which convolutions are bundles, in an order that allows it.

    A node's level is the number of such convolutions on the longest way to its value. Those of
    one level never read each other, and all else of that level is behind them. What may draw random
    numbers keeps its order, so that a network drops the same as without bundles. Norms that move
    the same statistics keep theirs, too.
    """
    if not any(map(_is_bundled, graph.nodes)):
        return graph
    levels = _levels(graph)
    numbers = count(1)

    def place(node: Node) -> tuple[int, bool]:
        return levels[node.name], not _is_bundled(node)

    ordered: list[Node] = []
    for (_, alone), group in groupby(sorted(graph.nodes, key=place), place):
        row = list(group)
        ordered.extend(row if alone else _bundles(graph, row, numbers))
    return replace(graph, nodes=tuple(ordered))


def _is_bundled(node: Node) -> bool:
    return "bundle" in node.arguments


def _levels(graph: PrimitiveGraph) -> dict[str, int]:
    levels: dict[str, int] = {}
    shared = shared_statistics(graph)
    drawn, moved = 0, dict.fromkeys(shared, 0)
    for node in graph.nodes:
        level = max((levels[name] for name in node.inputs), default=0) + _is_bundled(node)
        if not has_trait(node.primitive, Trait.UNORDERED):
            level = drawn = max(level, drawn)
        statistics = shared.intersection(node.tensors)
        level = max([level, *(moved[name] for name in statistics)])
        moved.update(dict.fromkeys(statistics, level))
        levels[node.name] = level
    return levels


def _bundles(
    graph: PrimitiveGraph, nodes: Sequence[Node], numbers: Iterator[int]
) -> Iterator[Node]:
    """Yield the convolutions of one level bundle by bundle, those of one source together."""
    alike: dict[object, list[Node]] = {}
    for node in nodes:
        alike.setdefault(kind_of_bundle(graph, node), []).append(node)
    for bundle, number in zip(alike.values(), numbers, strict=False):
        sources = list(dict.fromkeys(node.inputs[0] for node in bundle))
        for node in sorted(bundle, key=lambda node: sources.index(node.inputs[0])):
            given = {**node.arguments, "bundle": number}
            yield replace(node, attributes=tuple(given.items()))


BUNDLE_CONVS = Pass(
    bundle_convs,
    "convolutions that can run at the same time are side by side",
    after=("separable", "fuse_concats"),
    phase=Phase.TRAIN,
)
