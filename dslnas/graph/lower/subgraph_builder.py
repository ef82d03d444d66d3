"""Makes subgraphs, value after value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from dslnas.graph.graph import Mix, Node, Scope, State
from dslnas.graph.lower.op_body import OpBody
from dslnas.graph.lower.subgraph import (
    Applied,
    Item,
    Placed,
    Single,
    Source,
    Subgraph,
    Value,
    below,
)
from dslnas.language.check.cell import Edge
from dslnas.names import free_name
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import Shape

KEPT_WORDS = 1024


@lru_cache(KEPT_WORDS)
def word_of(operation: str) -> str:
    """Return an operation as a word of a path: `sep_conv_3` for `sep_conv(3)`."""
    return re.sub(r"\W+", "_", operation).strip("_")


class SubgraphBuilder:
    """Makes one part of a network: a cell, by its name, or an edge."""

    def __init__(self, cell: str = "") -> None:
        self._cell = cell
        self._items: list[Item] = []
        self._scopes: list[Scope | Placed] = [Scope("", "cell", cell)] if cell else []
        self._states: list[State] = []
        self._paths: set[str] = set()
        self._closed: set[str] = set()
        self._numbers: dict[str, int] = {}

    def subgraph(self, output: Value) -> Subgraph:
        """Return what has been made."""
        scopes, states = tuple(self._scopes), tuple(self._states)
        return Subgraph(tuple(self._items), output, scopes, states, self._cell)

    def path(self, parent: str, name: str) -> str:
        """Return a free path below a parent, numbered if it is taken.

        `a_b` reading `c` and `a` reading `b_c` want the same one. Below another subgraph no path is
        free.
        """
        while parent in self._closed:
            parent = f"{parent}_"
        self._paths.add(parent)
        free = free_name(below(parent, name), self._paths)
        self._paths.add(free)
        return free

    def scope(self, name: str, kind: str, label: str) -> str:
        """Open a group of nodes, see `Scope`, and return its path."""
        path = self.path("", word_of(name) if kind == "operation" else name)
        self._scopes.append(Scope(path, kind, label))
        return path

    def place(
        self,
        edge: Edge,
        label: str,
        subgraph: Subgraph,
        outside: Mapping[str, str],
        rows: Mapping[str, int],
    ) -> Placed:
        """Put a finished edge into this subgraph, at a free path; see `Placed`."""
        path = self.path("", f"{edge.target}_{edge.source}")
        self._closed.add(path)
        placed = Placed(path, subgraph, outside, rows, edge)
        self._scopes += (Scope(path, "edge", label), placed)
        self._items.append(placed)
        return placed

    def apply(
        self,
        path: str,
        body: OpBody,
        source: Source,
        owner: str | None = None,
        *,
        is_shared: bool = False,
        lender: OpBody | None = None,
    ) -> Value:
        """Apply an operation to a value; the arguments are those of `Applied`."""
        first = self._numbers.get(path, 0)
        self._numbers[path] = first + len(body.layers)
        return self._append(Applied(path, first, body, source, owner, is_shared, lender))

    def state(self, path: str, shape: Shape) -> Value:
        """Return what a recurrent cell carries, before the step."""
        return self._append(Single(Node(path, "state", (), (("out", shape[0]),), shape)))

    def carry(self, state: Value, value: Value) -> None:
        """Say what a state is after the step."""
        self._states.append(State(state.name, value.name))

    def join(
        self, path: str, primitive: str, ends: Sequence[Value], mix: Mix | None = None
    ) -> Value:
        """Join values into one; a `mix` weighs them by a row of alpha."""
        shape = PRIMITIVES[primitive].shape({}, tuple(end.shape for end in ends))
        inputs = tuple(end.name for end in ends)
        return self._append(Single(Node(path, primitive, inputs, (), shape, mix=mix)))

    def _append(self, item: Item) -> Value:
        self._items.append(item)
        return item.result
