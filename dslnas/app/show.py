"""Graphs as the passes leave them, for people to look at."""

from __future__ import annotations

from dslnas.graph.graph import PrimitiveGraph
from dslnas.passes.manager import USUAL, pass_named, run_passes


def graph_after(graph: PrimitiveGraph, name: str) -> PrimitiveGraph:
    """Return a graph behind a pass and those that run before it.

    Raises:
        UserError: NAS806 if there is no such pass.
    """
    names = list(USUAL)
    last = names.index(pass_named(name, "--after"))
    for passed in run_passes(graph, names[: last + 1]):
        graph = passed.graph
    return graph
