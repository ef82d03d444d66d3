"""A cell as a DAG: nodes are tensors, edges choose an operation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from dslnas.language.check.checked import Operation
from dslnas.language.check.value import Gate, Value, names_in
from dslnas.language.toposort import computing_order, needed_for
from dslnas.source import Span

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True)
class Edge:
    """A choice of operations between two tensors of a cell.

    Attributes:
        source: Name of an input or an earlier node.
        target: Name of the node that sums the edge.
        operations: Operations to choose from; a single one is fixed.
        row: Row of the cell's alpha; None for a fixed edge.
    """

    source: str
    target: str
    operations: tuple[Operation, ...]
    row: int | None
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def is_fixed(self) -> bool:
        """Whether there is nothing to choose."""
        return len(self.operations) == 1


@dataclass(frozen=True)
class Cell:
    """A cell of the space.

    Attributes:
        name: One alpha is shared by all cells of this name.
        inputs: Names; the last is the output of the cell just before.
        nodes: Names in an order in which every node reads earlier ones only.
        edges: Node by node, then in the order in which the node's terms are written.
        keep: Choosing edges per node of a derived cell; None keeps all. Fixed edges stay.
        none_allowed: Whether a derived edge may be a zero.
        zeros: Texts of those operations of the cell that are zero.
        identities: Texts of those that at stride 1 only hand on their input; none with a gate.
        convolutions: Texts of those that at stride 1 have a convolution among their layers.
        preprocess: Operation on every input; None leaves them as they are.
        output: `concat`, `sum`, `mean` or `last`.
        output_of: The nodes that the output joins.
        stride: Stride of the edges from the inputs.
        widen: Factor on C for this cell and those after it.
        states: Names of what it carries from step to step; a recurrent cell has some.
        next_states: Name of each of them after the step; none where it is the output.
        values: Values that are computed as written; values may read nodes, and nodes values.
        first: Name of the value that nodes read instead of the inputs; None without.
        gate: Gate around the operations of all edges; None without.
        normalise: Operation after the first value and every node, one layer for all of them.
        written: Lines of text that say all that, each with the name of its value, if any.
    """

    name: str
    inputs: tuple[str, ...]
    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]
    keep: int | None
    none_allowed: bool
    zeros: frozenset[str]
    identities: frozenset[str]
    convolutions: frozenset[str]
    preprocess: Operation | None
    output: str
    output_of: tuple[str, ...]
    stride: int
    widen: int
    span: Span | None = field(default=None, compare=False, repr=False)
    states: tuple[str, ...] = ()
    next_states: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()
    first: str | None = None
    gate: Gate | None = None
    normalise: Operation | None = None
    written: tuple[tuple[str, str], ...] = ()

    @cached_property
    def graph(self) -> nx.MultiDiGraph[str]:
        """The DAG; every edge carries its `Edge` as `choice`, what a value reads carries None."""
        import networkx as nx  # see dslnas.language.toposort

        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(name=self.name)
        graph.add_nodes_from(self.inputs, kind="input")
        graph.add_nodes_from(self.states, kind="state")
        graph.add_nodes_from((value.name for value in self.values), kind="value")
        graph.add_nodes_from(self.nodes, kind="node")
        for value in self.values:
            for source in names_in(value.expression):
                graph.add_edge(source, value.name, choice=None)
        for edge in self.edges:
            graph.add_edge(edge.source, edge.target, choice=edge)
        return graph

    @property
    def is_recurrent(self) -> bool:
        """Whether it carries something from step to step."""
        return bool(self.states)

    @property
    def ends(self) -> tuple[str, ...]:
        """The nodes and values that its output joins, and what the states are after the step."""
        return tuple(dict.fromkeys((*self.output_of, *self.next_states)))

    @cached_property
    def reads(self) -> dict[str, tuple[str, ...]]:
        """By value and node what it reads."""
        values = {value.name: names_in(value.expression) for value in self.values}
        nodes = {n: tuple(edge.source for edge in self.incoming(n)) for n in self.nodes}
        return values | nodes

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Values and nodes so that each reads earlier ones only; nodes as in `nodes`."""
        return tuple(computing_order(self.reads))

    def nodes_behind(self, name: str) -> frozenset[str]:
        """Return the nodes that something stands for: a node itself, a value those it reads."""
        values = {value.name: names_in(value.expression) for value in self.values}
        return frozenset(needed_for((name,), values)).intersection(self.nodes)

    @property
    def choices(self) -> tuple[Edge, ...]:
        """The edges with something to choose, in the order of the rows of alpha."""
        return tuple(e for e in self.edges if not e.is_fixed)

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

    def candidates(self, edge: Edge) -> tuple[int, ...]:
        """Return the columns of an edge that a derived cell may have."""
        return tuple(
            column
            for column, operation in enumerate(edge.operations)
            if self.none_allowed or operation.text not in self.zeros
        )

    def with_edges(self, edges: tuple[Edge, ...]) -> Cell:
        """Return the cell with other edges, rows of alpha numbered anew."""
        row = 0
        numbered = []
        for edge in edges:
            numbered.append(replace(edge, row=None if edge.is_fixed else row))
            row += not edge.is_fixed
        return replace(self, edges=tuple(numbered))
