"""Graphs to test backends with: single primitives, and small networks from `.nas` text."""

from __future__ import annotations

from collections.abc import Sequence

from dslnas.graph.graph import INPUT, Node, PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import AttributeValue, Default, Shape
from dslnas.space.search_space import SearchSpace
from tests.spaces import architecture_of, space_of

# DARTS' second architecture, but with an average pool and a strided skip in the last node.
DARTS_V2 = """use papers.darts
cell normal {
    node n1 = sep_conv(3)(in1) + sep_conv(3)(in2)
    node n2 = sep_conv(3)(in1) + sep_conv(3)(in2)
    node n3 = sep_conv(3)(in2) + skip_connect(in1)
    node n4 = skip_connect(in1) + dil_conv(3)(n1)
}
cell reduction {
    node n1 = max_pool(3)(in1) + max_pool(3)(in2)
    node n2 = skip_connect(n1) + max_pool(3)(in2)
    node n3 = max_pool(3)(in1) + skip_connect(n1)
    node n4 = avg_pool(3)(in2) + skip_connect(in1)
}
"""

# Every operation of NAS-Bench-201 in one cell.
NAS_BENCH_201 = """use papers.nas_bench_201
cell cell201 {
    node n1 = nor_conv(3)(in1)
    node n2 = bare_avg_pool(3)(in1) + none(n1)
    node n3 = skip_connect(in1) + nor_conv(1)(n1) + nor_conv(3)(n2)
}
"""

SMALL = ("evaluate.channels=4", "evaluate.repeat=1")


def space(text: str, shape: Shape = (3, 8, 8), overrides: Sequence[str] = SMALL) -> SearchSpace:
    """Return the search space of a text, for images of `shape` in 10 classes."""
    return space_of(text, shape, overrides)


def network(
    text: str, shape: Shape = (3, 8, 8), overrides: Sequence[str] = SMALL
) -> PrimitiveGraph:
    """Return the derived network of an architecture, as it is exported."""
    return build_derived_graph(architecture_of(text, shape, overrides))


class Graph:
    """Writes a graph node by node: `Graph((3, 8, 8)).add("a", "relu").done()`."""

    def __init__(self, shape: Shape) -> None:
        self._nodes = {INPUT: Node(INPUT, INPUT, (), (), shape)}

    def add(self, name: str, primitive: str, *inputs: str, **given: AttributeValue) -> Graph:
        """Add a node that reads `inputs`, or else the node before.

        Attributes whose default depends on the place must be given.
        """
        sources = inputs or (list(self._nodes)[-1],)
        shapes = tuple(self._nodes[source].shape for source in sources)
        definition = PRIMITIVES[primitive]
        values: dict[str, AttributeValue] = {}
        for argument in definition.arguments:
            value = given.pop(argument.name, argument.default)
            assert not isinstance(value, Default), f"give `{argument.name}` of `{primitive}`"
            values[argument.name] = value
        assert not given, f"`{primitive}` has no {list(given)}"
        self._nodes[name] = Node(
            name,
            primitive,
            sources,
            tuple(values.items()),
            definition.shape(values, shapes),
            definition.weights(values, shapes),
        )
        return self

    def done(self, output: str = "") -> PrimitiveGraph:
        """Return the graph; the last node is its output unless another one is named."""
        return PrimitiveGraph(tuple(self._nodes.values()), output or list(self._nodes)[-1])
