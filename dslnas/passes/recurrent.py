"""The passes that make the step of a recurrent supernet fast, in order."""

from __future__ import annotations

from dslnas.graph.graph import PrimitiveGraph
from dslnas.passes.distribute_mix import distribute_mix
from dslnas.passes.drop_zeros import drop_zeros
from dslnas.passes.share_equal import share_equal
from dslnas.passes.stack_edges import stack_edges

PASSES = (drop_zeros, stack_edges, share_equal, distribute_mix, share_equal)
"""Distributing may write the same share twice, so what is equal is shared again."""


def fast_step(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph that computes the same with few large products, for all operations at once."""
    for rewrite in PASSES:
        graph = rewrite(graph)
    return graph
