"""Names in generated code from the paths of nodes, so that it reads like the architecture.

In a cell `gates/2_linear` belongs to the value `gates`, `n1_first/both/0_linear` to the part `both`
of the edge from `first` to node `n1`. As names may hold `_` themselves, an edge is divided by what
is known: the node that sums it, or the value that it reads. A wrong guess costs a name, no more.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from dslnas.backends.python.identifiers import snake_case
from dslnas.backends.python.layers import JOINS
from dslnas.graph.graph import Node, Scope


@dataclass(frozen=True)
class Edge:
    """An edge of a cell, or an input that is fitted to the cell.

    Attributes:
        node: Name of the node that the edge belongs to, or of the input.
        source: Name of the input, state, value or node that it reads.
        is_input: Whether it fits an input to the cell.
        is_term: Whether it is one of several edges that the node sums, with no gate around it.
    """

    node: str
    source: str
    is_input: bool = False
    is_term: bool = False


class Edges:
    """The edges of a cell, and its inputs that are fitted to it, by the paths of their nodes.

    Args:
        path: Path of the cell; empty for the network around the cells.
        nodes: The nodes, in order.
        scopes: Operations and preprocessing among them.
        states: Nodes that hold states.
    """

    def __init__(
        self, path: str, nodes: Sequence[Node], scopes: Iterable[Scope], states: Iterable[str]
    ) -> None:
        self._path = path
        self._groups: dict[str, list[Node]] = {}
        for node in nodes:
            self._groups.setdefault(self.words(node.name)[0], []).append(node)
        self._operations: dict[str, str] = {}
        self._edges: dict[str, Edge] = {}
        for scope in scopes:
            group = self.words(scope.path)[0]
            if scope.kind == "preprocess":
                self._edges[group] = Edge(group, group, is_input=True)
            elif scope.kind == "operation" and group in self._groups:
                self._operations[group] = scope.path
        self._sums = {
            name: node.name.rpartition("/")[2]
            for node in nodes
            if node.primitive in JOINS
            for name in node.inputs
        }
        self._find({name: self.words(name)[0] for name in states})

    def words(self, node: str) -> list[str]:
        """Return the words of a path below the cell."""
        return (node.removeprefix(f"{self._path}/") if self._path else node).split("/")

    def of(self, node: str) -> Edge | None:
        """Return the edge that a node belongs to, if it belongs to one."""
        return self._edges.get(self.words(node)[0])

    def _find(self, known: dict[str, str]) -> None:
        """Find the ends of all edges; `known` are the names of the values before."""
        for group, nodes in self._groups.items():
            total = ""
            if group in self._operations:
                total = self._summed(group)
                reads = {known[name] for node in nodes for name in node.inputs if name in known}
                self._edges[group] = self._ends(group, total, reads)
            if not total:
                edge = self._edges.get(group)
                known[nodes[-1].name] = group if edge is None else edge.node

    def _ends(self, group: str, total: str, reads: Collection[str]) -> Edge:
        """Return the edge of a name like `n1_in2`, or `n1_in2_2` for a second one like it.

        Args:
            group: The name.
            total: The node that sums it with others, if there is one.
            reads: Names that its source may have, as far as they are known.
        """
        if total:
            source = group.removeprefix(f"{total}_")
            first = re.sub(r"_\d+$", "", source)
            source = first if f"{total}_{first}" in self._operations else source
            return Edge(total, source, is_term=self._is_plain(group))
        names = reads or {edge.source for edge in self._edges.values()}
        for source in sorted(names, key=lambda name: (-len(name), name)):
            node = re.sub(rf"_{re.escape(source)}(_\d+)?$", "", group)
            if node != group:
                return Edge(node, source)
        node, _, source = group.rpartition("_")
        return Edge(node, source)

    def _is_plain(self, group: str) -> bool:
        """Whether an edge is an operation with no gate around it."""
        path = self._operations[group]
        return all(node.name.rpartition("/")[0] == path for node in self._groups[group])

    def _summed(self, group: str) -> str:
        """Return the node that an edge is one of several terms of; empty if there is none.

        A sum may also be the output of the cell, which takes nodes.
        """
        total = self._sums.get(self._groups[group][-1].name, "")
        wishes = (total, re.sub(r"_\d+$", "", total))
        return next((wish for wish in wishes if wish and group.startswith(f"{wish}_")), "")


class Naming:
    """Names of the values and layers of a cell, or of the network around the cells.

    Args:
        edges: Its edges.
        nodes: Names of the nodes that have a value of their own, in order.
    """

    def __init__(self, edges: Edges, nodes: Iterable[str]) -> None:
        self._edges = edges
        self._last: dict[str, str] = {}
        for name in nodes:
            paths = accumulate(edges.words(name), "{}/{}".format)
            self._last |= dict.fromkeys(paths, name)

    def is_term(self, node: str) -> bool:
        """Whether a node is an operation that is summed with others."""
        edge = self._edges.of(node)
        return edge is not None and edge.is_term

    def is_input(self, node: str) -> bool:
        """Whether a node fits an input to its cell."""
        edge = self._edges.of(node)
        return edge is not None and edge.is_input

    def group(self, node: str) -> str:
        """Return the value of the language that a node helps to compute: for a term its sum."""
        edge = self._edges.of(node)
        return edge.node if edge and edge.is_term else self._edges.words(node)[0]

    def value(self, node: str, *, is_block: bool) -> str:
        """Return what a value had better be called: `c_next`, or `n1_both` on the way to `n1`.

        Args:
            node: The node that gives it.
            is_block: Whether that is the last one of a block.
        """
        group, *inner = self._edges.words(node)
        if self._last[group] == node:
            return self._name(node, [])
        if is_block:
            return self.layer(node)
        is_part = len(inner) > 1 and self._last[f"{group}/{inner[0]}"] == node
        return self._name(node, inner[:1] if is_part else inner[-1:])

    def layer(self, node: str) -> str:
        """Return what a layer had better be called: `gates`, or `n1_both`."""
        return self._name(node, self._edges.words(node)[1:-1])

    def _name(self, node: str, inner: Iterable[str]) -> str:
        """Return the name of a value and words behind it; a single edge is called like its node."""
        edge = self._edges.of(node)
        group = self._edges.words(node)[0]
        if edge is not None and not edge.is_term and edge.node not in self._last:
            group = edge.node
        return snake_case("_".join([group, *(re.sub(r"^\d+_", "", word) for word in inner)]))
