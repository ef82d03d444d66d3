"""Definitions that use each other: the order in which they can be understood."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import networkx as nx

from dslnas.diagnostics import Diagnostics, Note
from dslnas.language.link.used_names import mentioned
from dslnas.language.syntax import ast


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
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(uses)
    graph.add_edges_from((used, name) for name, others in uses.items() for used in others)
    place = {name: number for number, name in enumerate(uses)}
    for group in list(nx.strongly_connected_components(graph)):
        first = min(group, key=place.__getitem__)
        if len(group) == 1 and not graph.has_edge(first, first):
            continue
        edges = nx.find_cycle(graph.subgraph(group), first, orientation="reverse")
        circle = [names[edge[1]] for edge in edges]
        diagnostics.add(
            "NAS206",
            f"{what} {circular}: {' -> '.join(name.text for name in [*circle, circle[0]])}",
            circle[0].span,
            notes=[Note("the circle closes here", circle[-1].span)] if len(circle) > 1 else (),
            help=help,
        )
        graph.remove_nodes_from(group)
    return list(nx.lexicographical_topological_sort(graph, place.__getitem__))
