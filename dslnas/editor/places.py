"""Shapes and costs in the network of a spec: of cells, their nodes, and each operation there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from dslnas.graph.analysis.costs import count_flops
from dslnas.graph.lower.network import lower_network
from dslnas.graph.lower.subgraph import Applied, Item, Placed
from dslnas.ops.primitive import Shape
from dslnas.ops.shapes import show_shape
from dslnas.space.architecture import Architecture
from dslnas.space.search_space import SearchSpace

Key: TypeAlias = tuple[str, ...]
"""Cell; cell and node; cell, node and text of an operation without spaces."""


@dataclass(frozen=True)
class Place:
    """A place in the network.

    Attributes:
        shape: Shape of its output.
        params: Trained weights, of all candidates where there is a choice.
        flops: Multiply-adds, of all candidates too.
    """

    shape: Shape
    params: int
    flops: int

    @property
    def text(self) -> str:
        """It in words."""
        return f"{show_shape(self.shape)}; {self.params:,} parameters, {self.flops:,} multiply-adds"


Places: TypeAlias = Mapping[Key, tuple[Place, ...]]
"""By what stands there all of the different places, as often as they come up."""


def places_of(space: SearchSpace | Architecture) -> Places:
    """Return the places of the network that is searched, or trained where nothing is to choose."""
    found: dict[Key, list[Place]] = defaultdict(list)
    is_made = isinstance(space, Architecture)
    for part in lower_network(space, space.network, derived=is_made).parts:
        cell = part.subgraph.cell
        if cell:
            found[(cell,)].append(Place(part.result.shape, part.params, int(_flops(part))))
            for key, place in _inside(part):
                found[cell, *key].append(place)
    return {key: tuple(places) for key, places in found.items()}


def _inside(part: Placed) -> Iterator[tuple[Key, Place]]:
    """Yield the nodes of a cell, and the operations on their edges."""
    edges = [item for item in part.subgraph.items if isinstance(item, Placed) and item.edge]
    nodes: dict[str, list[Placed]] = defaultdict(list)
    for item in edges:
        assert item.edge is not None, "only edges are taken"
        nodes[item.edge.target].append(item)
        yield from (((item.edge.target, text), place) for text, place in _operations(item))
    for node, items in nodes.items():
        params, flops = sum(item.params for item in items), sum(map(_flops, items))
        yield (node,), Place(items[0].result.shape, params, int(flops))


def _operations(edge: Placed) -> Iterator[tuple[str, Place]]:
    assert edge.edge is not None, "asked of edges"
    scopes = (scope for scope in edge.subgraph.scopes if not isinstance(scope, Placed))
    labels = {scope.path: scope.label for scope in scopes}
    for item in edge.subgraph.items:
        if isinstance(item, Applied) and item.path in labels:
            text = labels[item.path].replace(" ", "")
            yield text, Place(item.result.shape, item.params, int(count_flops(item)))


def _flops(item: Item) -> float:
    if isinstance(item, Applied):
        return count_flops(item)
    return sum(map(_flops, item.subgraph.items)) if isinstance(item, Placed) else 0
