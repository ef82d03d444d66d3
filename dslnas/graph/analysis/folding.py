"""Batch norms and drop paths that a sum applies to what it reads."""

from __future__ import annotations

from typing import NamedTuple

from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait


class Folded(NamedTuple):
    """Nodes that a sum applies to one of its inputs, the norm first."""

    norm: Node | None
    drop: Node | None


def sum_behind(graph: PrimitiveGraph, node: Node) -> Node | None:
    """Return the sum that alone reads a node, a norm perhaps through a folded drop path."""
    names = graph.readers[node.name]
    reader = graph.by_name.get(names[0]) if len(names) == 1 else None
    if reader is None or has_trait(reader.primitive, Trait.NORMALISES):
        return reader
    draws = has_trait(node.primitive, Trait.DRAWS_FACTOR)
    return sum_behind(graph, reader) if reader.primitive == "folded_drop" and not draws else None


def folded_in_front(graph: PrimitiveGraph, name: str) -> Folded:
    """Return what a sum applies to the input of this name."""
    node = drop = graph.by_name[name]
    if drop.primitive == "folded_drop":
        node = graph.by_name[drop.inputs[0]]
    return Folded(
        node if node.primitive == "folded_norm" else None,
        drop if drop.primitive == "folded_drop" else None,
    )
