"""Dead code: an operation that gives zeros adds nothing to a weighed sum."""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait
from dslnas.passes.rewrite import Pass


def drop_zeros(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which no `mix` reads zeros, unless it reads nothing else."""
    zeros = {node.name for node in graph.nodes if has_trait(node.primitive, Trait.ZERO)}
    nodes = tuple(_without(node, zeros) for node in graph.nodes)
    return without_unread(replace(graph, nodes=nodes))


def _without(mix: Node, zeros: set[str]) -> Node:
    if mix.mix is None or mix.primitive != "mix":
        return mix
    places = zip(mix.inputs, mix.mix.places(len(mix.inputs)), strict=True)
    left = [(name, place) for name, place in places if name not in zeros]
    if len(left) in (0, len(mix.inputs)):
        return mix
    rows, columns = zip(*(place for _, place in left), strict=True)
    edges = rows if len(set(rows)) > 1 else ()
    changed = replace(mix.mix, row=rows[0], columns=columns, edges=edges)
    return replace(mix, inputs=tuple(name for name, _ in left), mix=changed)


DROP_ZEROS = Pass(drop_zeros, "operations that give zeros are left out of sums")
