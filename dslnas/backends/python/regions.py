"""Regions: the nodes that one class computes, a cell's or those around the cells."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import networkx as nx

from dslnas.backends.python.expressions import is_function
from dslnas.backends.python.layers import HAND_ON
from dslnas.backends.python.naming import Edge, Naming, edge_around, edges_of
from dslnas.graph.graph import Node, PrimitiveGraph, Scope


@dataclass(frozen=True)
class Input:
    """A node that a region reads, by a name of it there if the language tells; it may have two."""

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
    """Operation, preprocessing, stem or head: layers that read a value and give that of a node."""

    scope: Scope
    nodes: tuple[Node, ...]
    source: str
    output: str


@dataclass(frozen=True)
class Region:
    """The nodes that one class computes.

    Attributes:
        scope: The cell; of kind `network` for the nodes around the cells.
        nodes: Nodes that do more than hand on their input; they read values.
        inputs: Nodes that it reads by the values that they are in it.
        states: Nodes that hold its states before the step.
        output: Node that is read outside of it; empty if there is none.
        results: Values of the output, if any, and then of what cells read, or of the next states.
        stands_for: Values of nodes that are called otherwise in it.
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


def find_regions(graph: PrimitiveGraph) -> tuple[Region, list[Region]]:
    """Return the network around the cells, and the cells that do something.

    Raises:
        ValueError: More than one node of a cell is read outside of it.
    """
    cells = {scope.path: scope for scope in graph.scopes if scope.kind == "cell"}

    def home(path: str) -> str:
        cell = path.partition("/")[0]
        return cell if cell in cells else ""

    nodes: dict[str, list[Node]] = defaultdict(list)
    given: dict[str, dict[str, None]] = defaultdict(dict)
    needed = [node for node in graph.nodes if node.inputs and node.name in graph.needed]
    for node in needed:
        nodes[home(node.name)].append(node)
    reads = [(node.name, name) for node in needed for name in node.inputs]
    for reader, name in [*reads, *((state.name, state.next) for state in graph.states)]:
        if home(reader) != home(name):
            given[home(name)][name] = None
    scopes: dict[str, list[Scope]] = defaultdict(list)
    for scope in graph.scopes:
        scopes[home(scope.path)].append(scope)
    network = Scope("", "network", "network")
    around = _region(network, nodes[""], scopes[""], {}, graph.output, given[""])
    regions = []
    for path, cell in cells.items():
        if len(given[path]) > 1:
            raise ValueError(f"`{path}` must give one value, not {len(given[path])}")
        states = {state.name: state.next for state in graph.states if home(state.name) == path}
        if given[path] or states:
            output = "".join(given[path])
            wanted = states.values()
            regions.append(_region(cell, nodes[path], scopes[path], states, output, wanted))
    return around, regions


def _region(
    scope: Scope,
    nodes: Sequence[Node],
    scopes: Sequence[Scope],
    states: Collection[str],
    output: str,
    wanted: Iterable[str],
) -> Region:
    edges = edges_of(scopes)
    kept, inputs, stands_for = _with_values(nodes, edges, states)
    values = (*states, *(node.name for node in kept))
    results = tuple(stands_for.get(name, name) for name in (*filter(None, [output]), *wanted))
    inputs |= {name: Input(name) for name in results if name not in {*inputs, *values}}
    inputs = dict(sorted(inputs.items(), key=lambda item: item[1].place))
    blocks = tuple(_blocks(kept, scopes, results))
    naming = Naming(scope.path, edges, values)
    return Region(
        scope, tuple(kept), inputs, tuple(states), output, results, stands_for, blocks, naming
    )


def _with_values(
    nodes: Sequence[Node], edges: Mapping[str, Edge], states: Iterable[str]
) -> tuple[list[Node], dict[str, Input], dict[str, str]]:
    """Return nodes that read values, inputs by value, and values of nodes that hand theirs on."""
    inside = {*states, *(node.name for node in nodes)}
    # An input that an edge reads is called as the edge calls it by whoever else reads it.
    around = ((node.name, edge_around(node.name, edges)) for node in nodes)
    # An edge that reads several values calls none of them.
    sources = {name: edge.source for name, edge in around if edge and "," not in edge.source}
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
            given_here = tuple(values)
            kept.append(replace(node, inputs=given_here) if given_here != node.inputs else node)
    return kept, inputs, {given.node: value for value, given in inputs.items()} | stands_for


def _blocks(
    nodes: Sequence[Node], scopes: Iterable[Scope], wanted: Collection[str]
) -> Iterator[Block]:
    """Yield the blocks among the nodes of a region; `wanted` are values that are read outside.

    Layers are in no block if they are a function, if they use the weights of others, or if they do
    not read one value and give one, as where a gate applies an operation to its own result.
    """
    places = {node.name: place for place, node in enumerate(nodes)}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((source, node.name) for node in nodes for source in node.inputs)
    inside: dict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        inside[node.name.rpartition("/")[0]].append(node)
    for scope in scopes:
        layers = {node.name: node for node in inside[scope.path] if scope.kind != "cell"}
        if not layers:
            continue
        components = nx.weakly_connected_components(graph.subgraph(layers))
        for component in sorted(components, key=lambda names: min(map(places.__getitem__, names))):
            parts = tuple(node for name, node in layers.items() if name in component)
            sources = {name for node in parts for name in node.inputs} - component
            outputs = [n for n in component if n in wanted or not component.issuperset(graph[n])]
            is_single = len(parts) == 1 and is_function(parts[0])
            is_whole = len(sources) == len(outputs) == 1
            if is_whole and not is_single and not any(node.borrowed for node in parts):
                yield Block(scope, parts, sources.pop(), outputs[0])
