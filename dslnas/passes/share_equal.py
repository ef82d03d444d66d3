"""Common subexpressions: what is computed twice from the same values is computed once.

cell0/b = sigmoid cell0/a
cell0/c = sigmoid cell0/a              cell0/b = sigmoid cell0/a
cell0/d = add cell0/b, cell0/c   =>    cell0/d = add cell0/b, cell0/b

Stem, cells and heads stay apart: each draws masks of its own, and what the last cell gives is what
the head reads, which would be hidden if the head read something else of the cell instead.
"""

from __future__ import annotations

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait
from dslnas.passes.rewrite import Pass


def share_equal(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which the first of several equal nodes of a part stands for all of them."""
    first: dict[object, str] = {}
    stands: dict[str, str] = {}
    for node in graph.nodes:
        if has_trait(node.primitive, Trait.REPEATABLE):
            inputs = tuple(stands.get(name, name) for name in node.inputs)
            part = node.name.partition("/")[0]
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
