"""Forms that differ in more than the order of vertices, many at a time."""

from __future__ import annotations

from collections.abc import Hashable

import networkx as nx

from dslnas.space.canonical import Form, Term, are_same, graph_of


class DistinctForms:
    """Set of forms of one cell.

    A vertex gets a color: a number for what it computes, and for what is made of that. Where all
    vertices of a form differ in color, a form with the same colors has the same edges between them.
    All other forms are compared.
    """

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._known: dict[tuple[int, ...], list[nx.Graph[Term]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._known.values()))

    def add(self, form: Form) -> None:
        """Add a form, unless one that is the same is there."""
        colors = tuple(sorted(self._colors(form)))
        known = self._known.setdefault(colors, [])
        all_differ = len(set(colors)) == len(colors)
        if known and all_differ:
            return
        graph = graph_of(form)
        if not any(are_same(graph, other) for other in known):
            known.append(graph)

    def _colors(self, form: Form) -> list[int]:
        """Return a color for every vertex, alike in equal forms, of whatever order."""
        computed: list[int] = []
        for label, places in form:
            reads = [
                (place, *sorted((computed[t], n) for t, n in terms)) for place, terms in places
            ]
            computed.append(self._number((label, *reads)))
        colors = list(computed)
        readers: list[list[tuple[str, int, int]]] = [[] for _ in form]
        for vertex in reversed(range(len(form))):
            colors[vertex] = self._number((computed[vertex], *sorted(readers[vertex])))
            for place, terms in form[vertex][1]:
                for term, times in terms:
                    readers[term].append((place, times, colors[vertex]))
        return colors

    def _number(self, what: Hashable) -> int:
        return self._numbers.setdefault(what, len(self._numbers))
