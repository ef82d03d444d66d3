"""Who reads what in a graph."""

from __future__ import annotations

from dslnas.graph.graph import PrimitiveGraph


def readers_of(graph: PrimitiveGraph) -> dict[str, list[str]]:
    """Return by node the names of those that read it, once per read.

    An output, and what is carried to the next step, is also read by somebody outside: by "".
    """
    readers: dict[str, list[str]] = {node.name: [] for node in graph.nodes}
    for node in graph.nodes:
        for name in node.inputs:
            readers[name].append(node.name)
    for name in (*graph.outputs, *(state.next for state in graph.states)):
        readers[name].append("")
    return readers
