"""Patterns of primitives, and where they stand in a graph. A pattern equals itself alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from dslnas.graph.graph import Node, PrimitiveGraph


@dataclass(frozen=True, eq=False)
class Value:
    """Any value, however it is computed; one name stands for one value."""

    name: str


@dataclass(frozen=True, eq=False)
class Op:
    """A node and what it reads.

    Attributes:
        primitives: One of these.
        inputs: Values that it reads, in order.
        every: In the place of `inputs`: what it reads, any number of times.
        where: Says more of the node.
    """

    primitives: tuple[str, ...]
    inputs: tuple[Pattern, ...] = ()
    every: Pattern | None = None
    where: Callable[[Node], bool] = lambda node: True


@dataclass(frozen=True, eq=False)
class Either:
    """One of several nodes; the first that fits."""

    patterns: tuple[Op, ...]


Pattern: TypeAlias = Value | Op | Either


@dataclass
class Match:
    """A place where a pattern stands.

    Attributes:
        values: Values from outside, by the names that the pattern gives them.
        nodes: The nodes of each part of the pattern, in the order in which they are read.
    """

    values: dict[str, str] = field(default_factory=dict)
    nodes: dict[Pattern, list[Node]] = field(default_factory=dict)

    @property
    def inside(self) -> set[str]:
        """Names of all nodes of the pattern."""
        return {node.name for nodes in self.nodes.values() for node in nodes}


def match(graph: PrimitiveGraph, end: Node, pattern: Op) -> Match | None:
    """Return how a pattern stands with its end in a node; None if it does not.

    Nobody outside may read what is inside, but for its end.
    """
    if end.primitive not in pattern.primitives:
        return None
    found = Match()
    if not _fits(graph, end.name, pattern, found):
        return None
    inside = found.inside
    hidden = all(set(graph.readers[name]) <= inside for name in inside if name != end.name)
    return found if hidden else None


def _fits(graph: PrimitiveGraph, name: str, pattern: Pattern, found: Match) -> bool:
    if isinstance(pattern, Value):
        return found.values.setdefault(pattern.name, name) == name
    node = graph.by_name[name]
    if isinstance(pattern, Either):
        found.nodes.setdefault(pattern, []).append(node)
        return any(_fits(graph, name, part, found) for part in pattern.patterns)
    if node.primitive not in pattern.primitives or not pattern.where(node):
        return False
    found.nodes.setdefault(pattern, []).append(node)
    count = len(node.inputs)
    wanted = pattern.inputs if pattern.every is None else (pattern.every,) * count
    return len(wanted) == count and all(
        _fits(graph, source, part, found) for source, part in zip(node.inputs, wanted, strict=True)
    )
