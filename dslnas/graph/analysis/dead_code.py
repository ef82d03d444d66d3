"""Dead code: what no output depends on, and the names of groups that are empty then."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

from dslnas.graph.graph import INPUT, PrimitiveGraph


def without_unread(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph without nodes that no output and no next state depends on."""
    nodes = tuple(n for n in graph.nodes if n.name in graph.needed or n.primitive == INPUT)
    around = {path for n in nodes for path in accumulate(n.name.split("/"), "{}/{}".format)}
    scopes = tuple(scope for scope in graph.scopes if scope.path in around)
    if (len(nodes), len(scopes)) == (len(graph.nodes), len(graph.scopes)):
        return graph
    return replace(graph, nodes=nodes, scopes=scopes)
