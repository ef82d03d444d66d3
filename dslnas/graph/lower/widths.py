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

    lent = {
        f"{node.name}/{weight.name}": tensor
        for node in graph.nodes
        for weight in node.owned
        if (tensor := lender_of(node, weight, widest.by_name))
    }

    def with_weights(node: Node) -> Node:
        shared = dict(node.borrowed)
        borrowed = tuple(
            (weight.name, lent.get(tensor, f"{path}/{tensor}"))
            for weight, tensor in zip(node.weights, node.tensors, strict=True)
            if tensor in lent or weight.name in shared
        )
        inputs = tuple(map(placed, node.inputs))
        return replace(node, name=placed(node.name), inputs=inputs, borrowed=borrowed)

    def nodes() -> Iterator[Node]:
        for node in graph.nodes:
            yield node if node.primitive == INPUT else with_weights(node)

    return replace(
        graph,
        nodes=tuple(nodes()),
        output=placed(graph.output),
        scopes=tuple(replace(scope, path=f"{path}/{scope.path}") for scope in graph.scopes),
    )


def lender_of(node: Node, weight: Weight, widest: Mapping[str, Node]) -> str | None:
    """Return the tensor of which a weight of a node's own is a slice; None if there is none.

    It belongs to the node of the widest network that has the same name and does the same.
    """
    owner = widest.get(node.name)
    if owner is None or weight.values:
        return None
    if (owner.primitive, owner.inputs) != (node.primitive, node.inputs):
        return None
    groups = groups_of(node.arguments), groups_of(owner.arguments)
    for whole, tensor in zip(owner.weights, owner.tensors, strict=True):
        if whole.name == weight.name and can_share(weight.shape, whole.shape, groups):
            return tensor
    return None
