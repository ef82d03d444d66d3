"""Common subexpressions: what is computed twice from the same values is computed once.

cell0/b = sigmoid cell0/a
cell0/c = sigmoid cell0/a              cell0/b = sigmoid cell0/a
cell0/d = add cell0/b, cell0/c   =>    cell0/d = add cell0/b, cell0/b

Stem, cell and head of a recurrent network stay apart: each draws masks of its own, and what the
cell gives is what the head reads, which would be hidden if the head read something else of the cell
instead.
"""

from __future__ import annotations

from collections.abc import Callable

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.graph.verify import NO_CHOICES
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait
from dslnas.passes.rewrite import Pass, Phase


def share_equal(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which the first of several equal nodes stands for all of them.

    In a recurrent network these are nodes of one part.
    """
    return _shared(graph, _part_of if graph.is_sequence else _nowhere)


def share_everywhere(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which the first of several equal nodes stands for all of them.

    Where nothing is drawn and no head is added, parts need not stay apart.
    """
    return _shared(graph, _nowhere)


def _part_of(node: Node) -> str:
    return node.name.partition("/")[0]


def _nowhere(node: Node) -> str:
    return ""


def _shared(graph: PrimitiveGraph, part_of: Callable[[Node], str]) -> PrimitiveGraph:
    first: dict[object, str] = {}
    stands: dict[str, str] = {}
    for node in graph.nodes:
        if has_trait(node.primitive, Trait.REPEATABLE):
            inputs = tuple(stands.get(name, name) for name in node.inputs)
            part = part_of(node)
            key = (node.primitive, node.attributes, inputs, node.tensors, node.mix, part)
            if first.setdefault(key, node.name) != node.name:
                stands[node.name] = first[key]
    return without_unread(graph.without(stands))


SHARE_EQUAL = Pass(
    share_equal,
    "what is computed twice from the same values is computed once",
    keeps_choices=True,
    after=("stack_edges",),
)
SHARE_EVERYWHERE = Pass(
    share_everywhere,
    "what several parts compute from the same values is computed once",
    after=("drop_identities",),
    phase=Phase.PREDICT,
    requires=(NO_CHOICES,),
)
