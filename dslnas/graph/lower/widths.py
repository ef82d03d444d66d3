"""One network in several widths: narrower ones use slices of the weights of the widest.

All widths are networks of their own, from input to output, and a `mix` weighs what they give. A
tensor of a narrower one is the first part of the widest one's along every axis; see
`dslnas.graph.slices`. So the supernet with one width chosen is that network alone, with sliced
weights (slimmable networks: Yu et al., ICLR 2019, arXiv:1812.08928).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dslnas.graph.graph import INPUT, Mix, Node, PrimitiveGraph
from dslnas.graph.slices import is_slice
from dslnas.ops.primitive import Weight

WIDTH = "width"


def joined_widths(graphs: Mapping[int, PrimitiveGraph], mix: Mix) -> PrimitiveGraph:
    """Return the networks of some widths as one; `mix` chooses among what they give.

    The widest keeps its names.
    """
    widest = graphs[max(graphs)]
    if len(graphs) == 1:
        return widest
    parts = {
        width: graph if graph is widest else _narrow(graph, widest, f"{WIDTH}{width}")
        for width, graph in graphs.items()
    }
    ends = tuple(part.output for part in parts.values())
    shape = widest.by_name[widest.output].shape
    narrower = [part for part in parts.values() if part is not widest]
    nodes = (node for part in narrower for node in part.nodes if node.primitive != INPUT)
    return replace(
        widest,
        nodes=(*widest.nodes, *nodes, Node(WIDTH, "mix", ends, (), shape, mix=mix)),
        output=WIDTH,
        scopes=(*widest.scopes, *(scope for part in narrower for scope in part.scopes)),
    )


def _narrow(graph: PrimitiveGraph, widest: PrimitiveGraph, path: str) -> PrimitiveGraph:
    """Return a narrower network below a path, with weights of the widest where it has them."""

    def placed(name: str) -> str:
        node = graph.by_name.get(name)
        return name if node is not None and node.primitive == INPUT else f"{path}/{name}"

    def with_weights(node: Node) -> Node:
        lent = dict(node.borrowed)
        borrowed = {
            weight.name: tensor
            for weight, tensor in zip(node.weights, node.tensors, strict=True)
            if _fits(weight, widest.tensors.get(tensor))
        }
        own = {name: f"{path}/{tensor}" for name, tensor in lent.items() if name not in borrowed}
        return replace(
            node,
            name=placed(node.name),
            inputs=tuple(map(placed, node.inputs)),
            borrowed=tuple({**own, **borrowed}.items()),
        )

    def nodes() -> Iterator[Node]:
        for node in graph.nodes:
            yield node if node.primitive == INPUT else with_weights(node)

    return replace(
        graph,
        nodes=tuple(nodes()),
        output=placed(graph.output),
        scopes=tuple(replace(scope, path=f"{path}/{scope.path}") for scope in graph.scopes),
    )


def _fits(weight: Weight, owned: Weight | None) -> bool:
    """Whether a weight can be a slice of one of the widest network."""
    return owned is not None and not weight.values and is_slice(weight.shape, owned.shape)
