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
from dslnas.graph.slices import can_share, groups_of
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
        lent, owner = dict(node.borrowed), widest.by_name.get(node.name)
        borrowed = {
            weight.name: tensor
            for weight, tensor in zip(node.weights, node.tensors, strict=True)
            if owner is not None and _lends(owner, node, weight)
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


def _lends(owner: Node, node: Node, weight: Weight) -> bool:
    """Whether a weight is a slice of that of a node of the widest network, which does the same."""
    same = (owner.primitive, owner.inputs) == (node.primitive, node.inputs)
    groups = groups_of(node.arguments), groups_of(owner.arguments)
    whole = next((w.shape for w in owner.weights if w.name == weight.name), None)
    if not same or whole is None or weight.values:
        return False
    return can_share(weight.shape, whole, groups)
