"""Names in generated code from the paths of nodes, so that it reads like the architecture.

In a cell `gates/2_linear` belongs to the value `gates`, and `n1_first/both/0_linear` to part `both`
of the edge from `first` to node `n1`. Were a guess wrong, only names suffered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import accumulate

from dslnas.backends.python.names import snake_case

_SHARED = "normalise"
"""Stands below values and nodes, where an edge has its operations."""


class Paths:
    """What the language calls the values of a cell, a stem or a head.

    Args:
        path: Prefix of the nodes that is left out of their names; empty for stem and head.
        nodes: Names of all nodes below it, in the order of the graph.
    """

    def __init__(self, path: str, nodes: Iterable[str]) -> None:
        self._prefix = f"{path}/" if path else ""
        self._last: dict[str, str] = {}
        edges: dict[str, None] = {}
        for node in nodes:
            group, *inner = self._parts(node)
            self._last |= dict.fromkeys(accumulate((group, *inner), "{}/{}".format), node)
            if len(inner) > 1 and inner[0] != _SHARED:
                edges[group] = None
        self._nodes = _only_edges(edges, self._last)

    def group(self, node: str) -> str:
        """Return the value or edge of the language that a node helps to compute."""
        return self._parts(node)[0]

    def variable(self, node: str) -> str:
        """Return what a value had better be called: `c_next`, or `n1_both` on the way to `n1`."""
        group, *inner = self._parts(node)
        if self._last[group] == node:
            return self._name([group])
        is_part = len(inner) > 1 and self._last[f"{group}/{inner[0]}"] == node
        return self._name([group, inner[0] if is_part else inner[-1]])

    def layer(self, node: str) -> str:
        """Return what a layer had better be called: `gates`, or `n1_both`."""
        group, *inner = self._parts(node)
        return self._name([group, *inner[:-1]])

    def _parts(self, node: str) -> list[str]:
        return node.removeprefix(self._prefix).split("/")

    def _name(self, parts: Iterable[str]) -> str:
        group, *inner = parts
        words = [self._nodes.get(group, group), *(re.sub(r"^\d+_", "", part) for part in inner)]
        return snake_case("_".join(words))


def _only_edges(edges: Iterable[str], paths: Iterable[str]) -> Mapping[str, str]:
    """Return the nodes that have a single edge, by its name: `n1` for `n1_first`."""
    taken = {path for path in paths if "/" not in path}
    found: dict[str, str] = {}
    for edge in edges:
        known = sorted({*taken, *found.values()} - {edge}, key=lambda name: (-len(name), name))
        ends = (edge.removesuffix(f"_{source}") for source in known if edge.endswith(f"_{source}"))
        node = next((end for end in ends if end), edge)
        if node not in taken and node not in found.values():
            found[edge] = node
    return found
