"""Whether forms are the same by networkx on directed graphs, one by one: a second opinion."""

from __future__ import annotations

import networkx as nx

from dslnas.space.canonical import Form


def directed(form: Form) -> nx.DiGraph[int]:
    graph: nx.DiGraph[int] = nx.DiGraph()
    for vertex, (label, places) in enumerate(form):
        graph.add_node(vertex, label=label)
        for term in {term for _, terms in places for term, _ in terms}:
            how = [(place, n) for place, terms in places for t, n in terms if t == term]
            graph.add_edge(term, vertex, label=sorted(how))
    return graph


def are_isomorphic(one: Form, other: Form) -> bool:
    return nx.is_isomorphic(
        directed(one),
        directed(other),
        node_match=lambda a, b: a["label"] == b["label"],
        edge_match=lambda a, b: a["label"] == b["label"],
    )
