"""Dead code: an operation that gives zeros adds nothing to a weighed sum."""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.graph.unread import without_unread


def drop_zeros(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which no `mix` reads zeros, unless it reads nothing else."""
    zeros = {node.name for node in graph.nodes if node.primitive == "zero"}
    nodes = tuple(_without(node, zeros) if node.mix else node for node in graph.nodes)
    return without_unread(replace(graph, nodes=nodes))


def _without(mix: Node, zeros: set[str]) -> Node:
    assert mix.mix is not None
    columns = mix.mix.columns or tuple(range(len(mix.inputs)))
    left = [(c, name) for c, name in zip(columns, mix.inputs, strict=False) if name not in zeros]
    if mix.primitive != "mix" or len(left) in (0, len(mix.inputs)):
        return mix
    return replace(
        mix,
        inputs=tuple(name for _, name in left),
        mix=replace(mix.mix, columns=tuple(column for column, _ in left)),
    )
