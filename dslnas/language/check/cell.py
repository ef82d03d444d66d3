"""A cell as a DAG: nodes are tensors, edges choose an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate

import networkx as nx

from dslnas.language.check.constants import Constant
from dslnas.language.check.dag import computing_order, needed_for
from dslnas.language.check.value import CellValue, Gate, Together, names_in
from dslnas.source import Span


@dataclass(frozen=True)
class InnerChoice:
    """A choice inside of an operation, such as `{3, 5}` in `sep_conv({3, 5})`.

    Attributes:
        name: Parameter that it stands for, or words for its place.
        alternatives: Numbers and operations to choose from, as they are written.
    """

    name: str
    alternatives: tuple[str, ...]


@dataclass(frozen=True)
class Operation:
    """An operation with its arguments, such as `sep_conv(3)`: what an edge can choose.

    Attributes:
        name: Name of its definition, or of a primitive.
        arguments: Those that are given; defaults are not filled in.
        is_zero: Whether it gives zeros; this and what follows is known of cells that are lowered.
        is_constant: Whether it gives the same whatever it reads: zeros, or what is made of them.
        is_identity: Whether it only hands on its input, at stride 1.
        is_convolution: Whether it has a convolution among its layers, at stride 1.
        inner: Choices inside of it, each made for itself.
        variants: Operations that they make of it, the alternatives of the last one side by side;
            none without inner choices.
    """

    name: str
    arguments: tuple[tuple[str, Constant], ...]
    text: str
    inner: tuple[InnerChoice, ...] = ()
    variants: tuple[Operation, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)
    is_zero: bool = field(default=False, compare=False, repr=False)
    is_constant: bool = field(default=False, compare=False, repr=False)
    is_identity: bool = field(default=False, compare=False, repr=False)
    is_convolution: bool = field(default=False, compare=False, repr=False)

    @property
    def forms(self) -> tuple[Operation, ...]:
        """Its variants, or itself where nothing inside of it is chosen."""
        return self.variants or (self,)

    def variant(self, chosen: Sequence[int]) -> Operation:
        """Return what it is with an alternative of each of its inner choices."""
        place = 0
        for choice, alternative in zip(self.inner, chosen, strict=True):
            place = place * len(choice.alternatives) + alternative
        return self.forms[place]


@dataclass(frozen=True)
class Edge:
    """A choice of operations between two tensors of a cell.

    Attributes:
        source: Name of an input, a state, a value or another node.
        target: Name of the node that sums the edge.
        row: Row of the cell's alpha; None for a fixed edge.
        is_chosen: Whether its one operation was chosen from several; else nobody chose it.
    """

    source: str
    target: str
    operations: tuple[Operation, ...]
    row: int | None = None
    span: Span | None = field(default=None, compare=False, repr=False)
    is_chosen: bool = field(default=False, compare=False, repr=False)

    @property
    def is_fixed(self) -> bool:
        """Whether there is no choice among operations; one inside of its operation may be left."""
        return len(self.operations) == 1

    def inner_rows(self, column: int) -> range:
        """Return the rows of the choices inside of an operation, among those of the edge."""
        first = sum(len(operation.inner) for operation in self.operations[:column])
        return range(first, first + len(self.operations[column].inner))


@dataclass(frozen=True)
class Cell:
    """A cell, as written or, where it is lowered, in computing order.

    Attributes:
        name: One alpha is shared by all cells of this name.
        inputs: The last is the output of the cell just before.
        nodes: In computing order where the cell is lowered: every node reads earlier ones only.
        edges: Node by node, then in the order in which the node's terms are written.
        keep: Choosing edges per node of a derived cell; None keeps all. Fixed edges stay.
        preprocess: Operation on every input; None leaves them as they are.
        output: `concat`, `sum`, `mean` or `last`.
        stride: Stride of the edges from the inputs.
        widen: Factor on C for this cell and those after it.
        states: Names of values that it carries from step to step; a recurrent cell has some.
        next_states: Each of them after the step; none where it is the output.
        values: Values that are computed as written; values may read nodes, and nodes values. Those
            of the gates that they apply are among them.
        first: Name of the value that nodes read instead of the inputs; None without.
        is_spelt: Whether its nodes are spelt out; they may then have any shape.
        normalise: Operation after the first value and every node, one layer for all of them.
        written: Lines of text that say all that, each with the name of its value, if any.
        spans: Places of its settings by key, of `keep` the value's, of nodes as `node n1`,
            and of whole nodes and values as `all of n1`.
        must_read: Sets of inputs and states; what is derived depends on one of each, at least.
            Known of cells that are lowered.
    """

    name: str
    inputs: tuple[str, ...]
    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]
    keep: int | None
    none_allowed: bool
    preprocess: Operation | None
    output: str
    output_of: tuple[str, ...]
    stride: int
    widen: int
    span: Span = field(compare=False, repr=False)
    states: tuple[str, ...] = ()
    next_states: tuple[str, ...] = ()
    values: tuple[CellValue, ...] = ()
    first: str | None = None
    gate: Gate | None = None
    is_spelt: bool = field(default=False, compare=False, repr=False)
    normalise: Operation | None = None
    written: tuple[tuple[str, str], ...] = ()
    spans: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)
    must_read: tuple[frozenset[str], ...] = field(default=(), compare=False, repr=False)

    @cached_property
    def graph(self) -> nx.MultiDiGraph[str]:
        """Graph of what it reads and computes; edges to nodes carry their `Edge` as `choice`."""
        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(name=self.name)
        graph.add_nodes_from(self.inputs, kind="input")
        graph.add_nodes_from(self.states, kind="state")
        graph.add_nodes_from((value.name for value in self.values), kind="value")
        graph.add_nodes_from(self.nodes, kind="node")
        for value in self.values:
            for source in names_in(value.expression):
                graph.add_edge(source, value.name)
        for edge in self.edges:
            graph.add_edge(edge.source, edge.target, choice=edge)
        return graph

    @property
    def computed(self) -> tuple[str, ...]:
        """Names of its values and nodes."""
        return (*(value.name for value in self.values), *self.nodes)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Values and nodes so that each reads earlier ones only, else as they are written."""
        return tuple(computing_order(self.graph, self.computed))

    @property
    def ends(self) -> tuple[str, ...]:
        """Nodes and values that its output joins, and what the states are after the step."""
        return tuple(dict.fromkeys((*self.output_of, *self.next_states)))

    @cached_property
    def needed(self) -> frozenset[str]:
        """Everything that its ends depend on, and the ends themselves."""
        return frozenset(needed_for(self.graph, self.ends))

    @cached_property
    def behind(self) -> Mapping[str, set[str]]:
        """By name the nodes, inputs and states that it stands for: of a value those it reads."""
        if not self.values:
            return {name: {name} for name in self.graph}
        values_alone = self.graph.copy()
        values_alone.remove_edges_from([*self.graph.in_edges(self.nodes, keys=True)])
        values = {value.name for value in self.values}
        return {name: needed_for(values_alone, (name,)) - values for name in self.graph}

    def nodes_behind(self, name: str) -> frozenset[str]:
        """Return the nodes that something stands for: a node itself, a value those it reads."""
        return frozenset(self.behind[name].intersection(self.nodes))

    def is_strided(self, source: str) -> bool:
        """Whether edges from something are strided: it is as large as the inputs."""
        return self.stride > 1 and not self.nodes_behind(source)

    @cached_property
    def together(self) -> Mapping[str, str]:
        """By name the text of the values that an edge reads at once."""
        return {
            value.name: value.expression.text
            for value in self.values
            if isinstance(value.expression, Together)
        }

    def shown(self, edge: Edge) -> str:
        """Return an edge in words: what it reads, and where it leads."""
        return f"{self.together.get(edge.source, edge.source)} -> {edge.target}"

    @property
    def is_recurrent(self) -> bool:
        """Whether it carries something from step to step."""
        return bool(self.states)

    @property
    def choices(self) -> tuple[Edge, ...]:
        """Edges with something to choose, in the order of the rows of alpha."""
        return tuple(e for e in self.edges if not e.is_fixed)

    @cached_property
    def inner_rows(self) -> tuple[int, ...]:
        """For every edge the row of the first choice inside of its operations, in a table of all.

        The number of all such choices comes last.
        """
        numbers = [sum(len(operation.inner) for operation in e.operations) for e in self.edges]
        return tuple(accumulate(numbers, initial=0))

    def place_of(self, edge: Edge) -> int:
        """Return which of its edges one is; others may be equal to it."""
        return next(place for place, own in enumerate(self.edges) if own is edge)

    @property
    def is_searched(self) -> bool:
        """Whether there is something to choose in it."""
        return bool(self.choices) or self.inner_rows[-1] > 0

    @property
    def width(self) -> int:
        """Columns of alpha: the most operations that an edge chooses from."""
        return max((len(e.operations) for e in self.choices), default=0)

    def incoming(self, node: str) -> tuple[Edge, ...]:
        """Return the edges that `node` sums."""
        return tuple(e for e in self.edges if e.target == node)

    def kept(self, choosing: int) -> int:
        """Return how many of a node's choosing edges a derived cell has."""
        return choosing if self.keep is None else min(self.keep, choosing)

    def fewest(self, choosing: int, *, thins: bool) -> int:
        """Return how many of them it has at least, where `thins` says that some may go."""
        return min(1, choosing) if thins else self.kept(choosing)

    def candidates(self, edge: Edge) -> tuple[int, ...]:
        """Return the columns of an edge that a derived cell may have."""
        return tuple(
            column
            for column, operation in enumerate(edge.operations)
            if self.none_allowed or not operation.is_constant
        )

    def hands_on(self, operation: Operation) -> bool:
        """Whether an edge with an operation depends on what it reads; a gate may hand it on."""
        return not operation.is_constant or (self.gate is not None and self.gate.hands_on)

    def with_edges(self, edges: tuple[Edge, ...]) -> Cell:
        """Return the cell with other edges, rows of alpha numbered anew."""
        row = 0
        numbered = []
        for edge in edges:
            numbered.append(replace(edge, row=None if edge.is_fixed else row))
            row += not edge.is_fixed
        return replace(self, edges=tuple(numbered))

    def without_unneeded(self) -> Cell:
        """Return the cell without the nodes, values and edges that no end depends on."""
        return replace(
            self,
            nodes=tuple(node for node in self.nodes if node in self.needed),
            edges=tuple(edge for edge in self.edges if edge.target in self.needed),
            values=tuple(value for value in self.values if value.name in self.needed),
            first=self.first if self.first in self.needed else None,
            written=tuple(line for line in self.written if line[0] in ("", *self.needed)),
        )
