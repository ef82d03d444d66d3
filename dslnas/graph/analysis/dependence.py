"""Dependence of a network's output on what the network reads."""

from __future__ import annotations

import networkx as nx

from dslnas.diagnostics import user_error
from dslnas.graph.graph import PrimitiveGraph, Scope
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait


def check_dependence(graph: PrimitiveGraph, network: str) -> None:
    """Check that the output depends on everything that a network reads; `network`: its name.

    Raises:
        UserError: NAS704 with the first cell that hands on nothing, and its edges that give zeros.
    """
    reached = _reached(graph)
    behind = nx.ancestors(reached, graph.output) | {graph.output}
    unread = [name for name, node in graph.inputs.items() if node.name not in behind]
    if not unread:
        return
    inputs = [graph.inputs[name].name for name in unread]
    alive = set(inputs).union(*(nx.descendants(reached, name) for name in inputs))
    cells = [scope for scope in graph.scopes if scope.kind == "cell"]
    dead = (cell for cell in cells if alive.isdisjoint(_outputs(graph, cell)))
    names = " and ".join(f"`{name}`" for name in unread)
    which = f"what it reads as {names}" if any(unread) else "what it reads"
    raise user_error(
        "NAS704",
        f"output of the network does not depend on {which}" + _cause(graph, next(dead, None)),
        where=network,
        help="let operations that give more than zeros lead from the inputs to the output",
    )


def zeros(graph: PrimitiveGraph) -> frozenset[str]:
    """Return the nodes that give zeros whatever the network reads."""
    found: set[str] = set()
    for node in graph.nodes:
        which = [source in found for source in node.inputs]
        is_product = has_trait(node.primitive, Trait.MULTILINEAR)
        is_sum = has_trait(node.primitive, Trait.LINEAR)
        if (
            has_trait(node.primitive, Trait.ZERO)
            or (is_product and any(which))
            or (is_sum and which and all(which))
        ):
            found.add(node.name)
    return frozenset(found)


def _reached(graph: PrimitiveGraph) -> nx.DiGraph[str]:
    """Return the graph in which every node reads what it depends on, over all steps in time."""
    reached: nx.DiGraph[str] = nx.DiGraph()
    reached.add_nodes_from(node.name for node in graph.nodes)
    nothing = zeros(graph)
    for node in graph.nodes:
        if node.name not in nothing:
            reached.add_edges_from((source, node.name) for source in node.inputs)
    reached.add_edges_from((state.next, state.name) for state in graph.states)
    return reached


def _outputs(graph: PrimitiveGraph, scope: Scope) -> set[str]:
    """Return the nodes of a scope that others read."""
    inside = {node.name for node in graph.under(scope.path)}
    return {name for name in inside if not inside.issuperset(graph.readers[name])}


def _cause(graph: PrimitiveGraph, cell: Scope | None) -> str:
    """Say which cell hands on nothing, and where it gives zeros."""
    if cell is None:
        return ""
    edges = [
        scope.label
        for scope in graph.scopes
        if scope.kind == "edge"
        and scope.path.startswith(f"{cell.path}/")
        and any(has_trait(node.primitive, Trait.ZERO) for node in graph.under(scope.path))
    ]
    where = f", with zeros on {', '.join(edges)}" if edges else ""
    return f": cell `{cell.label}` hands on nothing{where}"
