"""Lowered parts of a network: stem, cells, their edges, heads; equal ones are made once.

Operations stay whole in a subgraph, and an edge stands in every cell that has it. So a network is
small and quickly made, and yet everything that can be wrong has been found: sizes and costs are
computed from it, and so is the graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar, TypeAlias

from dslnas.graph.graph import Mix, Node, Scope, State
from dslnas.graph.lower.op_body import SOURCE, Layer, OpBody
from dslnas.graph.slices import can_share, groups_of
from dslnas.language.check.cell import Edge
from dslnas.ops.primitive import Shape, Weight

OUTSIDE = "@"
"""Begins the names of what lies outside of a subgraph; no path begins like that."""


@dataclass(frozen=True)
class Value:
    """A node's output: the node's name, and the shape without the batch axis."""

    name: str
    shape: Shape

    @property
    def parts(self) -> tuple[Value, ...]:
        """The value itself."""
        return (self,)


@dataclass(frozen=True)
class Several:
    """Values that an operation reads at once, such as those of a user and an item."""

    parts: tuple[Value, ...]


Source: TypeAlias = Value | Several
"""Value, or values, that an operation reads."""


@dataclass(frozen=True)
class Place:
    """Where a subgraph stands.

    Attributes:
        path: Prefix of its names; empty for the whole network.
        outside: By relative name what lies outside of it.
        rows: By alpha the row of it that its first one is.
    """

    path: str = ""
    outside: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)

    def name(self, relative: str) -> str:
        """Return a path below this place, or outside of it."""
        if not relative.startswith(OUTSIDE):
            return below(self.path, relative)
        first, slash, rest = relative.partition("/")
        return f"{self.outside[first]}{slash}{rest}"

    def mix(self, mix: Mix | None) -> Mix | None:
        """Return a choice that reads its row of alpha here."""
        first = self.rows.get(mix.cell, 0) if mix else 0
        return mix and (replace(mix, row=mix.row + first) if first else mix)


@dataclass(frozen=True)
class Single:
    """One node without weights: a state, a sum, a choice."""

    node: Node
    node_count: ClassVar[int] = 1
    params: ClassVar[int] = 0

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the nodes that it reads."""
        return self.node.inputs

    @property
    def result(self) -> Value:
        """Its output."""
        return Value(self.node.name, self.node.shape)

    def nodes(self, place: Place) -> Iterator[Node]:
        """Yield its nodes by their names in the network."""
        node = self.node
        inputs = tuple(map(place.name, node.inputs))
        yield replace(node, name=place.name(node.name), inputs=inputs, mix=place.mix(node.mix))


@dataclass(frozen=True)
class Applied:
    """An operation applied to a value.

    Attributes:
        path: Where its nodes stand.
        first: Number of the first of them.
        body: The operation.
        source: Value, or values, that it reads.
        owner: Path of equal nodes whose weights these ones use; None for own weights.
        is_shared: Whether all that use these weights, their owner included, are equals.
        lender: Operation at the owner's path where it is a larger one, slices of whose weights are
            used by the layers that are the same but for numbers.
    """

    path: str
    first: int
    body: OpBody
    source: Source
    owner: str | None = None
    is_shared: bool = False
    lender: OpBody | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the nodes that it reads."""
        return tuple(part.name for part in self.source.parts)

    @property
    def result(self) -> Value:
        """Its output."""
        end = self.body.output
        name = self.inputs[SOURCE - end] if end < 0 else below(self.path, self._word(end))
        return Value(name, self.body.shape)

    @property
    def node_count(self) -> int:
        """The number of its nodes."""
        return len(self.body.layers)

    @property
    def params(self) -> int:
        """The number of its own trained weights."""
        if self.owner is None:
            return self.body.params
        return sum(
            weight.size
            for number, layer in enumerate(self.body.layers)
            for weight in layer.weights
            if weight.trained and self._lender_of(number, weight) is None
        )

    @property
    def borrowing(self) -> Applied:
        """The same with the weights of equal nodes elsewhere."""
        return replace(self, owner=self.path)

    def nodes(self, place: Place) -> Iterator[Node]:
        """Yield its nodes by their names in the network."""
        names = [*map(place.name, self._with_sources)]
        for number, layer in enumerate(self.body.layers):
            yield Node(
                names[number],
                layer.primitive.name,
                tuple(names[i] for i in layer.inputs),
                layer.attributes,
                layer.shape,
                layer.weights,
                borrowed=self._borrowed(number, layer, place),
            )

    @property
    def names(self) -> list[str]:
        """Relative names of its nodes."""
        return [below(self.path, self._word(number)) for number in range(len(self.body.layers))]

    @property
    def _with_sources(self) -> list[str]:
        """Relative names of its nodes, and of what it reads in places from SOURCE, the last, on."""
        return [*self.names, *reversed(self.inputs)]

    def _word(self, number: int) -> str:
        return f"{self.first + number}_{self.body.layers[number].primitive.name}"

    def _borrowed(self, number: int, layer: Layer, place: Place) -> tuple[tuple[str, str], ...]:
        """Return which weights of a layer are those of another node."""
        if self.owner is not None:
            words = ((weight.name, self._lender_of(number, weight)) for weight in layer.weights)
            return tuple(
                (name, f"{place.name(below(self.owner, word))}/{name}")
                for name, word in words
                if word
            )
        if layer.primitive.tied_to:
            owner = place.name(f"{OUTSIDE}{layer.primitive.tied_to}")
            return (("weight", f"{owner}/weight"),)
        return ()

    def _lender_of(self, number: int, weight: Weight) -> str | None:
        """Return the node below the owner's path that lends a weight to a layer, if one does."""
        if self.lender is None:
            return self._word(number)
        mine = self.body.layers[number]
        there = None if mine.written is None else self.lender.by_written.get(mine.written)
        if there is None or weight.values:
            return None
        other = self.lender.layers[there]
        whole = next((w.shape for w in other.weights if w.name == weight.name), None)
        groups = groups_of(dict(mine.attributes)), groups_of(dict(other.attributes))
        if whole is None or not can_share(weight.shape, whole, groups):
            return None
        return f"{self.first + there}_{other.primitive.name}"


@dataclass(frozen=True)
class Placed:
    """A subgraph at its place in another one, or in the network.

    Attributes:
        path: The place.
        subgraph: The subgraph.
        outside: By relative name what lies outside of it.
        rows: By alpha the first row of it that it reads.
        edge: The edge that it is, if it is one.
    """

    path: str
    subgraph: Subgraph
    outside: Mapping[str, str]
    rows: Mapping[str, int] = field(default_factory=dict)
    edge: Edge | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the nodes that it reads."""
        return tuple(self.outside.values())

    @property
    def result(self) -> Value:
        """Its output."""
        place, output = Place(self.path, self.outside), self.subgraph.output
        return Value(place.name(output.name), output.shape)

    @property
    def node_count(self) -> int:
        """The number of its nodes."""
        return self.subgraph.node_count

    @property
    def params(self) -> int:
        """The number of its own trained weights."""
        return self.subgraph.params

    def nodes(self, place: Place = Place()) -> Iterator[Node]:
        """Yield its nodes by their names in the network."""
        inner = self._inside(place)
        for item in self.subgraph.items:
            yield from item.nodes(inner)

    def scopes(self, place: Place = Place()) -> Iterator[Scope]:
        """Yield the groups of nodes, outer ones first."""
        inner = self._inside(place)
        for scope in self.subgraph.scopes:
            if isinstance(scope, Placed):
                yield from scope.scopes(inner)
            else:
                yield replace(scope, path=inner.name(scope.path))

    def states(self) -> Iterator[State]:
        """Yield what is carried from step to step."""
        place = self._inside(Place())
        for state in self.subgraph.states:
            yield State(place.name(state.name), place.name(state.next))

    def _inside(self, place: Place) -> Place:
        outside = {name: place.name(there) for name, there in self.outside.items()}
        return Place(place.name(self.path), outside, self.rows)


Item: TypeAlias = Single | Applied | Placed
"""Part of a subgraph: one node or several."""


@dataclass(frozen=True, eq=False)
class Subgraph:
    """One part of a network, with names that are relative to its place.

    Two of them are equal if they are the same.

    Attributes:
        items: Each behind what it reads.
        output: Value that the part gives.
        scopes: Groups of nodes, or what has some, in order.
        states: Carried from step to step.
        cell: Name of the cell that it is; empty for other parts.
    """

    items: tuple[Item, ...]
    output: Value
    scopes: tuple[Scope | Placed, ...] = ()
    states: tuple[State, ...] = ()
    cell: str = ""

    @cached_property
    def node_count(self) -> int:
        """The number of its nodes."""
        return sum(item.node_count for item in self.items)

    @cached_property
    def params(self) -> int:
        """The number of its trained weights, those included that no output reads."""
        return sum(item.params for item in self.items)


def below(path: str, name: str) -> str:
    """Return a path below another one; either may be empty."""
    return f"{path}/{name}" if path and name else path or name
