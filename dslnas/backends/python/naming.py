"""Names in generated code from the paths of nodes, so that it reads like the architecture.

In a cell `gates/2_linear` belongs to the value `gates`, `n1_first/both/0_linear` to the part `both`
of the edge from `first` to node `n1`. Which paths are edges is told by the scopes of the graph.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate

from dslnas.backends.python.identifiers import snake_case
from dslnas.graph.graph import Scope


@dataclass(frozen=True)
class Edge:
    """An edge of a cell with the path of its operation, or an input that is fitted to the cell."""

    node: str
    source: str
    operation: str = ""
    is_input: bool = False


def edges_of(scopes: Iterable[Scope]) -> dict[str, Edge]:
    """Return edges, and inputs that are fitted to their cell, by path."""
    edges: dict[str, Edge] = {}
    for scope in scopes:
        parent, _, name = scope.path.rpartition("/")
        if scope.kind == "edge":
            source, _, node = scope.label.partition(" -> ")
            edges[scope.path] = Edge(node, source)
        elif scope.kind == "operation":
            edges[parent] = replace(edges[parent], operation=scope.path)
        elif scope.kind == "preprocess":
            edges[scope.path] = Edge(name, name, is_input=True)
    return edges


def edge_around(node: str, edges: Mapping[str, Edge]) -> Edge | None:
    """Return the edge of a cell that a node belongs to, if it belongs to one."""
    return edges.get("/".join(node.split("/")[:2]))


class Naming:
    """Names of the values and layers of a cell, or of the network around the cells.

    The path of the network is empty; `values` are the nodes that have one of their own, in order.
    """

    def __init__(self, path: str, edges: Mapping[str, Edge], values: Iterable[str]) -> None:
        self._prefix = f"{path}/" if path else ""
        self._edges = edges
        self._values = dict.fromkeys(values)
        self._last: dict[str, str] = {}
        self._parents: dict[str, set[str]] = {}
        for name in self._values:
            paths = list(accumulate(self._words(name), "{}/{}".format))
            self._last |= dict.fromkeys(paths, name)
            self._parents.setdefault(paths[0], set()).add(name.rpartition("/")[0])

    def is_input(self, node: str) -> bool:
        """Whether a node fits an input to its cell."""
        edge = edge_around(node, self._edges)
        return edge is not None and edge.is_input

    def is_term(self, node: str) -> bool:
        """Whether a node is an operation without a gate that is summed with others."""
        edge, group = edge_around(node, self._edges), self._words(node)[0]
        if edge is None or f"{self._prefix}{edge.node}" not in self._values:
            return False
        return self._parents[group] == {edge.operation}

    def group(self, node: str) -> str:
        """Return the value of the language that a node helps to compute: for a term its sum."""
        edge = edge_around(node, self._edges)
        return edge.node if edge and self.is_term(node) else self._words(node)[0]

    def value(self, node: str, *, is_block: bool) -> str:
        """Return what a value had better be called: `c_next`, or `n1_both` on the way to `n1`.

        A block names it like its layer.
        """
        group, *inner = self._words(node)
        if self._last[group] == node:
            return self._name(node, [])
        if is_block:
            return self.layer(node)
        is_part = len(inner) > 1 and self._last[f"{group}/{inner[0]}"] == node
        return self._name(node, inner[:1] if is_part else inner[-1:])

    def layer(self, node: str) -> str:
        """Return what a layer had better be called: `gates`, or `n1_both`."""
        return self._name(node, self._words(node)[1:-1])

    def _name(self, node: str, inner: Iterable[str]) -> str:
        """Return the name of a value and words behind it; a single edge is called like its node."""
        edge, group = edge_around(node, self._edges), self._words(node)[0]
        if edge is not None and edge.node not in self._last:
            group = edge.node
        return snake_case("_".join([group, *(re.sub(r"^\d+_", "", word) for word in inner)]))

    def _words(self, node: str) -> list[str]:
        """Return the words of a path below the cell."""
        return node.removeprefix(self._prefix).split("/")
