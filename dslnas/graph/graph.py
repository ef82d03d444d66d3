"""The primitive graph: a networkx graph of primitives, with shapes and weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import networkx as nx

from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import AttributeValue, Shape, Weight

INPUT = "input"
"""Primitive of what a network reads. A node of it is called the same, or `input/name`."""


@dataclass(frozen=True)
class Mix:
    """Which row of alpha weighs the inputs of a `mix`.

    Attributes:
        cell: Name of the alpha: the cell's, or `edges_of` it.
        row: An edge of the cell, or a node where edges are weighed.
        rows: How many rows from there on: one for each part of a stack.
        columns: One for every input, where they are not simply the first ones.
        edges: The row of every input, where operations of several edges are summed at once; `row`
            is the first of them.
    """

    cell: str
    row: int
    rows: int = 1
    columns: tuple[int, ...] = ()
    edges: tuple[int, ...] = ()

    def places(self, inputs: int) -> tuple[tuple[int, int], ...]:
        """Return row and column of every input; of a stack the first row."""
        columns = self.columns or tuple(range(inputs))
        return tuple(zip(self.edges or (self.row,) * len(columns), columns, strict=True))


class Reads(NamedTuple):
    """Inputs of a node, and for a `mix` the row and the column of alpha that belong to each."""

    inputs: tuple[str, ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Node:
    """One primitive in a graph.

    Attributes:
        name: Unique and readable: `cell0/n1_in2/sep_conv_3/1_conv`.
        primitive: Key of the catalogue.
        inputs: Names of the nodes it reads, in order.
        attributes: Values of all arguments of the primitive, in order.
        shape: Shape of its output, without the batch axis.
        weights: The tensors it computes with; tensor `weight` of the node above is
            `cell0/n1_in2/sep_conv_3/1_conv/weight` everywhere.
        mix: For primitive `mix` only.
        borrowed: Names of weights that belong to another node, each with the full name of the
            tensor that is used: all steps and edges of a recurrent cell share theirs, and a node
            that several were joined to keeps theirs.
    """

    name: str
    primitive: str
    inputs: tuple[str, ...]
    attributes: tuple[tuple[str, AttributeValue], ...]
    shape: Shape
    weights: tuple[Weight, ...] = ()
    mix: Mix | None = None
    borrowed: tuple[tuple[str, str], ...] = ()

    def attribute(self, name: str) -> AttributeValue:
        """Return the value of one attribute."""
        return self.arguments[name]

    @property
    def parts(self) -> int:
        """How many parts of a stack it tells apart: the rows of alpha it reads, or its groups."""
        groups = self.arguments.get("groups", 1) if self.mix is None else self.mix.rows
        assert isinstance(groups, int)
        return groups

    @cached_property
    def arguments(self) -> Mapping[str, AttributeValue]:
        """Its attributes by name."""
        return dict(self.attributes)

    @cached_property
    def owned(self) -> tuple[Weight, ...]:
        """The weights that are its own."""
        lent = dict(self.borrowed)
        return tuple(weight for weight in self.weights if weight.name not in lent)

    @cached_property
    def tensors(self) -> tuple[str, ...]:
        """Full names of its weights, in order, wherever they belong."""
        lent = dict(self.borrowed)
        return tuple(lent.get(w.name, f"{self.name}/{w.name}") for w in self.weights)


@dataclass(frozen=True)
class State:
    """Value that a recurrent cell carries from one step to the next.

    Attributes:
        name: Name of the node of primitive `state` that holds it before the step.
        next: Name of the node that gives it after the step.
    """

    name: str
    next: str


@dataclass(frozen=True)
class Scope:
    """Group of all nodes under a path: a cell of a network, an operation of an edge.

    Attributes:
        path: Prefix of the nodes' names: `cell0`, `cell0/n1_in2`, `cell0/n1_in2/sep_conv_3`.
        kind: `stem`, `cell`, `preprocess`, `edge`, `operation`, `head` or `auxiliary`.
        label: How the language writes it: `normal`, `sep_conv(3)`; of an edge `in2 -> n1`.
    """

    path: str
    kind: str
    label: str


@dataclass(frozen=True)
class PrimitiveGraph:
    """A network of primitives. Backends read it; passes return another one.

    It is listed node by node, which fixes the order in which nodes run and draw random numbers.
    Whatever is asked of its structure is answered by networkx, on `dag`.

    Attributes:
        nodes: Every node after the nodes it reads, inputs first.
        output: Name of the node that gives the logits.
        auxiliary: Name of the node that gives the second logits while training.
        scopes: Groups of nodes; outer scopes before inner ones.
        alphas: Rows and columns of every alpha that a `mix` reads: by cell, and by `edges_of` it.
        states: Values carried from step to step. With any, the graph is one step in time: its
            input is a token, and whoever runs it owns the loop.
    """

    nodes: tuple[Node, ...]
    output: str
    auxiliary: str | None = None
    scopes: tuple[Scope, ...] = ()
    alphas: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    states: tuple[State, ...] = ()

    @property
    def is_sequence(self) -> bool:
        """Whether it is one step of a recurrent network."""
        return bool(self.states)

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        """The nodes by name."""
        return {node.name: node for node in self.nodes}

    @cached_property
    def dag(self) -> nx.MultiDiGraph[str]:
        """The networkx graph: nodes carry their `Node` as `node`, edges the place that they fill.

        An edge leads from a node to one that reads it; its key is the place among its inputs.
        """
        dag: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for node in self.nodes:
            dag.add_node(node.name, node=node)
        for node in self.nodes:
            for place, source in enumerate(node.inputs):
                dag.add_edge(source, node.name, place)
        nx.freeze(dag)
        return dag

    @cached_property
    def readers(self) -> Mapping[str, Sequence[str]]:
        """By node the nodes that read it, once for every time that they do.

        An output, and what is carried to the next step, is also read by somebody outside: by "".
        """
        readers: dict[str, list[str]] = {node.name: [] for node in self.nodes}
        for node in self.nodes:
            for name in node.inputs:
                readers[name].append(node.name)
        for name in (*self.outputs, *(state.next for state in self.states)):
            readers.setdefault(name, []).append("")
        return readers

    @cached_property
    def inputs(self) -> Mapping[str, Node]:
        """The nodes of what the network reads, by its name; the name of an only one may be ""."""
        inputs = (node for node in self.nodes if node.primitive == INPUT)
        return {node.name.partition("/")[2]: node for node in inputs}

    @property
    def outputs(self) -> tuple[str, ...]:
        """The output, and the auxiliary output if there is one."""
        return (self.output,) if self.auxiliary is None else (self.output, self.auxiliary)

    @property
    def ends(self) -> tuple[str, ...]:
        """Nodes whose values a run is for, once each: outputs, and states after the step."""
        return tuple(dict.fromkeys((*self.outputs, *(state.next for state in self.states))))

    @cached_property
    def needed(self) -> frozenset[str]:
        """Names of the nodes that an output or a next state depends on, itself included."""
        found = set(self.ends)
        for node in reversed(self.nodes):
            if node.name in found:
                found.update(node.inputs)
        return frozenset(found)

    @cached_property
    def tensors(self) -> Mapping[str, Weight]:
        """Every tensor by its full name, once, in the order of the nodes that it belongs to.

        Those that a joined node keeps of nodes that are gone belong to it; of several that use
        slices of one, it is as large as the largest needs.
        """
        owned = {f"{node.name}/{w.name}" for node in self.nodes for w in node.owned}
        found: dict[str, Weight] = {}
        for node in self.nodes:
            for name, weight in zip(node.tensors, node.weights, strict=True):
                is_own = name == f"{node.name}/{weight.name}"
                known = found.get(name)
                if is_own or (name not in owned and (known is None or weight.size > known.size)):
                    found[name] = weight
        return found

    @cached_property
    def reads(self) -> Mapping[str, Reads]:
        """By node what it reads while nothing is chosen."""
        return {node.name: _reads(node) for node in self.nodes}

    def params(self) -> int:
        """Return the number of trained weights."""
        return sum(weight.size for weight in self.tensors.values() if weight.trained)

    def flops(self) -> int:
        """Return the multiply-adds of one example, all candidates of a choice included."""
        return sum(flops_of(node, self.by_name) for node in self.nodes)

    def without(self, stands: Mapping[str, str]) -> PrimitiveGraph:
        """Return the graph without some nodes: others, which are kept, stand for them."""
        if not stands:
            return self

        def now(name: str) -> str:
            return stands.get(name, name)

        def reading(node: Node) -> Node:
            inputs = tuple(map(now, node.inputs))
            return node if inputs == node.inputs else replace(node, inputs=inputs)

        return replace(
            self,
            nodes=tuple(reading(node) for node in self.nodes if node.name not in stands),
            output=now(self.output),
            auxiliary=self.auxiliary and now(self.auxiliary),
            states=tuple(replace(state, next=now(state.next)) for state in self.states),
        )

    def under(self, path: str) -> Iterable[Node]:
        """Yield the nodes that belong to a scope."""
        return (n for n in self.nodes if n.name == path or n.name.startswith(f"{path}/"))


def _reads(node: Node) -> Reads:
    if not node.inputs:
        return Reads((), (), ())
    places = (node.mix or Mix("", 0)).places(len(node.inputs))
    rows, columns = zip(*places[: len(node.inputs)], strict=True)  # a `share` has more columns
    return Reads(node.inputs, rows, columns)


def edges_of(cell: str) -> str:
    """Return the name of the alpha that weighs the edges of each of a cell's nodes."""
    return f"{cell}.edges"


def flops_of(node: Node, by_name: Mapping[str, Node]) -> int:
    """Return the multiply-adds of one node on one example."""
    if node.primitive == INPUT:
        return 0
    inputs = tuple(by_name[source].shape for source in node.inputs)
    return PRIMITIVES[node.primitive].flops(node.arguments, inputs, node.shape)
