"""Regions: the nodes that one class computes, a cell's or those around the cells."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import networkx as nx

from dslnas.backends.python.expressions import is_function
from dslnas.backends.python.layers import HAND_ON
from dslnas.backends.python.naming import Edge, Naming, edge_around, edges_of
from dslnas.graph.graph import Node, PrimitiveGraph, Scope


@dataclass(frozen=True)
class Input:
    """A node that a region reads, and its name there if the language tells.

    A cell may read one node under two names.
    """

    node: str
    name: str = ""

    @property
    def value(self) -> str:
        """Its name among the values of the region."""
        return f"{self.name}={self.node}" if self.name else self.node

    @property
    def place(self) -> int:
        """Number of an input that the language numbers, as `in2`; 0 for others."""
        match = re.fullmatch(r"in(\d+)", self.name)
        return int(match[1]) if match else 0


@dataclass(frozen=True)
class Block:
    """An operation, preprocessing, stem or head: layers that read one value and give one.

    Attributes:
        scope: The group of layers in the graph.
        nodes: The layers.
        source: Value that it reads.
        output: Node that it gives.
    """

    scope: Scope
    nodes: tuple[Node, ...]
    source: str
    output: str


@dataclass(frozen=True)
class Region:
    """The nodes that one class computes.

    Attributes:
        scope: The cell; of kind `network` for the nodes around the cells.
        nodes: Nodes that do more than hand on their input.
        inputs: Nodes outside of it by the values that they are in it.
        states: Nodes that hold its states before the step.
        output: Node that is read outside of it; empty if there is none.
        results: Values that are wanted behind it: of its output, if any, and of its next states.
        stands_for: Value of every node that hands on its input.
        blocks: Groups of layers among the nodes.
        naming: Names of values and layers.
    """

    scope: Scope
    nodes: tuple[Node, ...]
    inputs: Mapping[str, Input]
    states: tuple[str, ...]
    output: str
    results: tuple[str, ...]
    stands_for: Mapping[str, str]
    blocks: tuple[Block, ...]
    naming: Naming

    def value(self, node: str) -> str:
        """Return the value that a node gives."""
        return self.stands_for.get(node, node)

    def node(self, value: str) -> str:
        """Return the node that gives a value."""
        return self.inputs[value].node if value in self.inputs else value


def cell_region(graph: PrimitiveGraph, cell: Scope) -> Region:
    """Return the region of a cell.

    Raises:
        ValueError: More than one of its nodes is read outside of it.
    """
    prefix = f"{cell.path}/"
    states = {s.name: s.next for s in graph.states if s.name.startswith(prefix)}
    computed = _computed(graph)
    nodes = [node for node in computed if node.name.startswith(prefix)]
    others = (node for node in computed if not node.name.startswith(prefix))
    given = {name for node in others for name in node.inputs if name.startswith(prefix)}
    if len(given) > 1:
        raise ValueError(f"`{cell.path}` must give one value, not {len(given)}")
    scopes = [scope for scope in graph.scopes if scope.path.startswith(prefix)]
    return _region(cell, nodes, scopes, tuple(states), "".join(given), states.values())


def network_region(graph: PrimitiveGraph, read_by_cells: Iterable[str]) -> Region:
    """Return the region of the nodes around the cells."""
    cells = tuple(f"{scope.path}/" for scope in graph.scopes if scope.kind == "cell")
    nodes = [node for node in _computed(graph) if not node.name.startswith(cells)]
    scopes = [scope for scope in graph.scopes if "/" not in scope.path and scope.kind != "cell"]
    network = Scope("", "network", "network")
    wanted = dict.fromkeys(name for name in read_by_cells if not name.startswith(cells))
    return _region(network, nodes, scopes, (), graph.output, wanted)


def _computed(graph: PrimitiveGraph) -> list[Node]:
    return [node for node in graph.nodes if node.inputs and node.name in graph.needed]


def _region(
    scope: Scope,
    nodes: Sequence[Node],
    scopes: Sequence[Scope],
    states: tuple[str, ...],
    output: str,
    wanted: Iterable[str],
) -> Region:
    edges = edges_of(scopes)
    kept, inputs, stands_for = _with_values(nodes, edges, states)
    known = {*states, *inputs, *(node.name for node in kept)}
    results = [stands_for.get(name, name) for name in (*filter(None, [output]), *wanted)]
    inputs |= {name: Input(name) for name in results if name not in known}
    inputs = dict(sorted(inputs.items(), key=lambda item: item[1].place))
    blocks = tuple(find_blocks(kept, scopes, results))
    naming = Naming(scope.path, edges, (*states, *(node.name for node in kept)))
    return Region(
        scope, tuple(kept), inputs, states, output, tuple(results), stands_for, blocks, naming
    )


def _with_values(
    nodes: Sequence[Node], edges: Mapping[str, Edge], states: Iterable[str]
) -> tuple[list[Node], dict[str, Input], dict[str, str]]:
    """Return the nodes that do more than hand on their input, reading values instead of nodes.

    Returns:
        The nodes; by value what they read from outside; values of nodes that are called otherwise.
    """
    inside = {*states, *(node.name for node in nodes)}
    sources = {n.name: edge.source for n in nodes if (edge := edge_around(n.name, edges))}
    told = {s: sources[n.name] for n in reversed(nodes) if n.name in sources for s in n.inputs}
    stands_for: dict[str, str] = {}
    inputs: dict[str, Input] = {}
    kept = []
    for node in nodes:
        values = []
        for name in node.inputs:
            given = Input(name, sources.get(node.name) or told.get(name, ""))
            if name not in inside:
                inputs[given.value] = given
            values.append(stands_for.get(name, name) if name in inside else given.value)
        if node.primitive in HAND_ON:
            stands_for[node.name] = values[0]
        else:
            kept.append(replace(node, inputs=tuple(values)))
    return kept, inputs, {given.node: value for value, given in inputs.items()} | stands_for


def find_blocks(
    nodes: Sequence[Node], scopes: Iterable[Scope], wanted: Collection[str]
) -> Iterator[Block]:
    """Yield the blocks among the nodes of a region.

    Layers are in no block if they are a function, if they use the weights of others, or if they do
    not read one value and give one, as where a gate applies an operation to its own result.

    Args:
        nodes: All nodes of the region, without identities.
        scopes: Operations, preprocessing, stem and head.
        wanted: Nodes that are read outside of the region.
    """
    places = {node.name: place for place, node in enumerate(nodes)}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((source, node.name) for node in nodes for source in node.inputs)
    inside: dict[str, list[Node]] = {}
    for node in nodes:
        inside.setdefault(node.name.rpartition("/")[0], []).append(node)
    for scope in scopes:
        layers = {node.name: node for node in inside.get(scope.path, ())}
        components = nx.weakly_connected_components(graph.subgraph(layers))
        for component in sorted(components, key=lambda names: min(map(places.__getitem__, names))):
            parts = tuple(node for name, node in layers.items() if name in component)
            sources = {name for node in parts for name in node.inputs} - component
            outputs = [n for n in component if n in wanted or not component.issuperset(graph[n])]
            is_whole = len(sources) == len(outputs) == 1
            if is_whole and not _is_function(parts) and not any(node.borrowed for node in parts):
                yield Block(scope, parts, sources.pop(), outputs[0])


def _is_function(nodes: Sequence[Node]) -> bool:
    return len(nodes) == 1 and is_function(nodes[0])
