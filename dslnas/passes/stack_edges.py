"""All edges of a node at once: one large product instead of one per edge.

The edges into a node of a recurrent cell apply the same layers with the same weights to different
sources. Their sources are stacked along the batch, the layers run once on the stack, every edge is
weighed by its own row of alpha, and the stack is summed:

    n1_a/0_linear = linear a         n1/stack = stack a, b
    n1_a = mix cell[0] ...           n1_a/0_linear = linear n1/stack
    n1_b/0_linear = linear b    =>   n1_a = mix cell[0:2] ...
    n1_b = mix cell[1] ...           n1 = sum_stack(groups=2) n1_a
    n1 = add n1_a, n1_b

Masks of sources stay before the stack, where those of other nodes are the same.

Only vectors are stacked. Images gain nothing, since no product of theirs becomes larger, and what
weighs images sums them by one weight each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.catalogue import PRIMITIVES, has_trait
from dslnas.ops.primitive import Shape
from dslnas.ops.traits import Trait
from dslnas.passes.rewrite import Pass


@dataclass(frozen=True)
class _Edge:
    """The nodes of one edge.

    Attributes:
        mix: The `mix` that ends it.
        source: Name of what it reads.
        nodes: All others, in order.
    """

    mix: Node
    source: str
    nodes: tuple[Node, ...]

    def values(self) -> tuple[str, ...]:
        """Return the names of all values of the edge, its source first."""
        return (self.source, *(node.name for node in self.nodes), self.mix.name)

    def pattern(self) -> tuple[object, ...]:
        """Return what two edges have in common that can be stacked."""
        prefix = f"{self.mix.name}/"

        def relative(name: str) -> str:
            return "" if name == self.source else name.removeprefix(prefix)

        return tuple(
            (
                relative(node.name),
                node.primitive,
                node.attributes,
                tuple(map(relative, node.inputs)),
                node.tensors,
                node.mix and node.mix.columns,
            )
            for node in (*self.nodes, replace(self.mix, name=prefix))
        )


def stack_edges(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which the edges of a node run at once, wherever they are alike."""
    inside = _inside(graph)
    done: dict[str, tuple[Node, ...]] = {}
    gone: set[str] = set()
    for node in graph.nodes:
        edges = _edges(graph, node, inside)
        if edges:
            done[node.name] = tuple(_stacked(node, edges, graph.by_name[edges[0].source].shape))
            gone.update(n.name for edge in edges for n in (*edge.nodes, edge.mix))
    nodes = (
        new for node in graph.nodes if node.name not in gone for new in done.get(node.name, (node,))
    )
    return without_unread(replace(graph, nodes=tuple(nodes)))


def _edges(graph: PrimitiveGraph, node: Node, inside: Mapping[str, Sequence[Node]]) -> list[_Edge]:
    """Return the edges of a node if they can be stacked; else none."""
    ends = [graph.by_name[name] for name in node.inputs]
    if node.primitive != "add" or not all(
        end.mix is not None
        and (end.primitive, end.mix.edges, graph.readers[end.name]) == ("mix", (), [node.name])
        for end in ends
    ):
        return []
    rows = [(end.mix.cell, end.mix.row - place) for place, end in enumerate(ends) if end.mix]
    edges = [edge for end in ends if (edge := _edge(graph, end, inside[end.name])) is not None]
    alike = len({edge.pattern() for edge in edges}) == 1 and len(set(rows)) == 1
    shapes = {graph.by_name[name].shape for edge in edges for name in edge.values()}
    vectors = all(len(shape) == 1 for shape in shapes)
    sources = {graph.by_name[edge.source].shape for edge in edges}
    fits = vectors and len(sources) == 1 and len(edges) == len(ends)
    return edges if alike and fits else []


def _edge(graph: PrimitiveGraph, mix: Node, nodes: Sequence[Node]) -> _Edge | None:
    """Return the edge that ends in a mix; None if it is no matter of rows, or not on its own."""
    names = {n.name for n in nodes}
    sources = {name for n in (*nodes, mix) for name in n.inputs} - names
    own = all(set(graph.readers[n.name]) <= {*names, mix.name} for n in nodes)
    # gives the same for a stack as for its parts: no batch norm, no dropout
    # a choice inside of an operation has a row of its own on every edge
    if any(n.mix is not None for n in nodes):
        return None
    row_wise = all(has_trait(n.primitive, Trait.ROW_WISE) for n in nodes)
    if len(sources) != 1 or not own or not row_wise:
        return None
    return _Edge(mix, sources.pop(), tuple(nodes))


def _stacked(node: Node, edges: Sequence[_Edge], shape: Shape) -> Iterator[Node]:
    """Yield the first edge on the stacks of all sources, and the sum over the edges."""
    first = edges[0]
    masks = [place for place, part in enumerate(first.nodes) if _is_mask(part, first.source)]
    stacks = {first.source: f"{node.name}/stack"}
    yield Node(stacks[first.source], "stack", tuple(edge.source for edge in edges), (), shape)
    for number, place in enumerate(masks, 1):
        masked = [edge.nodes[place] for edge in edges]
        yield from masked
        stack = stacks[masked[0].name] = f"{node.name}/masked{number}"
        yield Node(stack, "stack", tuple(part.name for part in masked), (), shape)

    def stacked(part: Node) -> Node:
        return replace(part, inputs=tuple(stacks.get(name, name) for name in part.inputs))

    yield from (stacked(part) for place, part in enumerate(first.nodes) if place not in masks)
    assert first.mix.mix is not None
    yield replace(stacked(first.mix), mix=replace(first.mix.mix, rows=len(edges)))
    yield replace(
        node, primitive="sum_stack", inputs=(first.mix.name,), attributes=(("groups", len(edges)),)
    )


def _is_mask(node: Node, source: str) -> bool:
    """Whether a node masks a source, by a mask that does not depend on who reads it."""
    return node.inputs == (source,) and bool(PRIMITIVES[node.primitive].run_mask)


def _inside(graph: PrimitiveGraph) -> dict[str, list[Node]]:
    """Return by name of every mix the nodes that stand under it."""
    inside: dict[str, list[Node]] = {n.name: [] for n in graph.nodes if n.primitive == "mix"}
    for node in graph.nodes:
        for path in accumulate(node.name.split("/")[:-1], "{}/{}".format):
            if path in inside:
                inside[path].append(node)
    return inside


STACK_EDGES = Pass(
    stack_edges, "all edges into a node of a recurrent cell run as one", after=("drop_zeros",)
)
