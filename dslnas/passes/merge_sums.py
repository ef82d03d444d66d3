"""Merging of elementwise work: all operations into a node are weighed and summed in one go.

n1_a = mix cell[0] a, b
n1_b = mix cell[1] c, d
n1 = add n1_a, n1_b          =>    n1 = mix cell[0, 0, 1, 1]{0, 1, 0, 1} a, b, c, d

No edge has a value of its own any more, which saves writing and reading it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import Mix, Node, PrimitiveGraph
from dslnas.passes.rewrite import Pass


def merge_sums(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which a sum of edges is one `mix` of all their operations."""
    readers = graph.readers
    nodes: dict[str, Node] = {}
    for node in graph.nodes:
        ends = [nodes[name] for name in node.inputs]  # as they are now: a sum may end in sums
        edges = [e for e in ends if _is_edge(e, nodes) and len(readers[e.name]) == 1]
        alike = len({edge.mix.cell for edge in edges if edge.mix}) == 1
        if node.primitive == "add" and len(edges) > 1 and alike:
            others = [end.name for end in ends if end not in edges]
            nodes.update((merged.name, merged) for merged in _merged(node, edges, others))
        else:
            nodes[node.name] = node
    return without_unread(replace(graph, nodes=tuple(nodes.values())))


def _is_edge(node: Node, nodes: Mapping[str, Node]) -> bool:
    """Whether a node sums operations of one edge; if norms are folded into it, it is as it is."""
    is_edge = node.primitive == "mix" and node.mix is not None and node.mix.rows == 1
    return is_edge and all(nodes[name].primitive != "folded_norm" for name in node.inputs)


def _merged(node: Node, edges: Sequence[Node], others: Sequence[str]) -> list[Node]:
    """Return the mix of all operations, and the sum with what is no edge."""
    inputs = tuple(name for edge in edges for name in edge.inputs)
    places = [p for edge in edges if edge.mix for p in edge.mix.places(len(edge.inputs))]
    rows, columns = (tuple(place[axis] for place in places) for axis in (0, 1))
    first = edges[0].mix
    assert first is not None
    mix = Mix(first.cell, rows[0], columns=columns, edges=rows)
    merged = Node(
        f"{node.name}/edges" if others else node.name, "mix", inputs, (), node.shape, (), mix
    )
    if not others:
        return [merged]
    return [merged, replace(node, inputs=(merged.name, *others))]


MERGE_SUMS = Pass(
    merge_sums,
    "all operations into a node are weighed and summed in one go",
    keeps_choices=True,
    after=("stack_edges", "distribute_mix"),
)
