"""Dead code: an operation that gives zeros adds nothing to a weighed sum."""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.passes.rewrite import Pass


def drop_zeros(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which no `mix` reads zeros, unless it reads nothing else."""
    zeros = {node.name for node in graph.nodes if node.primitive == "zero"}
    nodes = tuple(_without(node, zeros) if node.mix else node for node in graph.nodes)
    return without_unread(replace(graph, nodes=nodes))


def _without(mix: Node, zeros: set[str]) -> Node:
    assert mix.mix is not None
    left = [place for place, name in enumerate(mix.inputs) if name not in zeros]
    if mix.primitive != "mix" or len(left) in (0, len(mix.inputs)):
        return mix
    columns = mix.mix.columns or tuple(range(len(mix.inputs)))
    edges = tuple(mix.mix.edges[place] for place in left if mix.mix.edges)
    return replace(
        mix,
        inputs=tuple(mix.inputs[place] for place in left),
        mix=replace(
            mix.mix,
            row=edges[0] if edges else mix.mix.row,
            columns=tuple(columns[place] for place in left),
            edges=edges if len(set(edges)) > 1 else (),
        ),
    )


DROP_ZEROS = Pass(drop_zeros, "operations that give zeros are left out of sums")
