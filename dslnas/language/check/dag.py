"""Order, cycles and reachability of names that read each other, by networkx."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import networkx as nx

from dslnas.diagnostics import Diagnostics, Note
from dslnas.language.link.used_names import mentioned
from dslnas.language.syntax import ast


def reading_graph(reads: Mapping[str, Collection[str]]) -> nx.DiGraph[str]:
    """Return the graph in which every name has an edge from each of those that it reads."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(reads)
    graph.add_edges_from((source, name) for name, sources in reads.items() for source in sources)
    return graph


def computing_order(graph: nx.DiGraph[str], names: Collection[str]) -> list[str]:
    """Return names so that each reads earlier ones only, else in the order in which they are given.

    Args:
        graph: A DAG; what is in it beside `names` reads nothing.
        names: Names to order.
    """
    place = {name: number for number, name in enumerate(names)}
    ordered = nx.lexicographical_topological_sort(graph, lambda name: place.get(name, -1))
    return [name for name in ordered if name in place]


def cycle_in(graph: nx.DiGraph[str], names: Collection[str]) -> list[str]:
    """Return a cycle, each name read by the next and the last by the first; [] if there is none.

    It is found from the first of `names` that cannot be computed, and begins with its own first.
    """
    if nx.is_directed_acyclic_graph(graph):
        return []
    try:
        edges = nx.find_cycle(graph, names, orientation="reverse")
    except nx.NetworkXNoCycle:
        return []
    cycle = [edge[1] for edge in reversed(edges)]
    order = list(names)
    start = min(range(len(cycle)), key=lambda place: order.index(cycle[place]))
    return [*cycle[start:], *cycle[:start]]


def needed_for(graph: nx.DiGraph[str], ends: Iterable[str]) -> set[str]:
    """Return everything that is read on the way to some names, and the names themselves."""
    found = set(ends)
    return found.union(*(nx.ancestors(graph, end) for end in found if end in graph))


# ---- definitions --------------------------------------------------------------------------------


def mentions(definitions: Mapping[str, ast.Let | ast.OpDef | ast.OpsDef]) -> dict[str, list[str]]:
    """Return by name the definitions of its kind that each of them mentions."""
    return {
        name: [used for used in mentioned(part) if used in definitions]
        for name, part in definitions.items()
    }


def understood_order(
    uses: Mapping[str, Collection[str]],
    names: Mapping[str, ast.Name],
    what: str,
    circular: str,
    help: str,
    diagnostics: Diagnostics,
) -> list[str]:
    """Return names of definitions, each after those that it uses, without those in circles.

    Records NAS206 for each circle: that a definition of the kind `what` `circular`, as in "constant
    is defined by itself". `uses` has by name the definitions that each uses.
    """
    graph = reading_graph(uses)
    while cycle := cycle_in(graph, [name for name in uses if name in graph]):
        circle = [names[name] for name in (cycle[0], *reversed(cycle[1:]))]
        diagnostics.add(
            "NAS206",
            f"{what} {circular}: {' -> '.join(name.text for name in [*circle, circle[0]])}",
            circle[0].span,
            notes=[Note("the circle closes here", circle[-1].span)] if len(circle) > 1 else (),
            help=help,
        )
        graph.remove_nodes_from(cycle)
    return computing_order(graph, uses)
