"""Networks of cells, between stems and a head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING

from dslnas.language.check.cell import Cell
from dslnas.language.syntax import ast
from dslnas.ops.primitive import Example, Shape, Token
from dslnas.source import Span
from dslnas.space.decision import Decision, Where

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True)
class Partial:
    """Searching a part of the channels, and weighing the edges of a node (PC-DARTS).

    Attributes:
        parts: One channel of this many goes through the operations of a choosing edge.
        span: Where that is written.
    """

    parts: int
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Input:
    """One of the values that a network reads.

    Attributes:
        name: Empty where it is the only one and has no name in the spec.
        shape: Shape of an example: (channels, height, width), (features,), or () for a token.
        stem: Expression for what comes between it and the first cells.
        words: Number of different tokens; None for as many as classes, and for other inputs.
    """

    name: str
    shape: Shape
    stem: ast.Expression
    words: int | None = None

    @property
    def part(self) -> str:
        """Name of its stem among the parts of the network."""
        return f"stem/{self.name}" if self.name else "stem"


NETWORK = "network"
"""Name of the table of what is chosen around the cells; no cell can be called so."""


@dataclass(frozen=True)
class Place:
    """Cells that stand at a place of the network, one behind the other.

    Attributes:
        cells: Names of the cells to choose from for each of them; one where nothing is chosen.
        counts: How many there are; several to choose from.
    """

    cells: tuple[str, ...]
    counts: tuple[int, ...] = (1,)
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def most(self) -> int:
        """The most cells that there are."""
        return max(self.counts)

    @property
    def is_chosen(self) -> bool:
        """Whether there is something to choose."""
        return len(self.counts) > 1 or (len(self.cells) > 1 and self.most > 0)


@dataclass(frozen=True)
class Network:
    """One network of cells: the supernet that is searched, or the one that is trained.

    Attributes:
        inputs: Values that it reads; the first cells read their stems' outputs, in this order.
        classes: Outputs of the head.
        channels: C of the first cell; the most where it is chosen.
        places: Where cells stand, in order.
        head: Expression for what comes after the last.
        auxiliary: Expression for the second head while training; None without.
        partial: How a part of the channels is searched; None if all are, with edges summed.
        has_skips: Whether a skip connection stands beside the operations of every choosing edge.
        widths: Numbers that C is chosen from; none where it is given.
        shares_slices: Whether the forms of an operation use slices of the weights of the largest.
        auxiliary_span: Where the second head was asked for.
    """

    inputs: tuple[Input, ...]
    classes: int
    channels: int
    places: tuple[Place, ...]
    head: ast.Expression
    auxiliary: ast.Expression | None
    partial: Partial | None = None
    has_skips: bool = False
    widths: tuple[int, ...] = ()
    shares_slices: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)
    auxiliary_span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def example(self) -> Example:
        """Shape of an example; by name where the inputs have names."""
        shapes = {
            given.name: given.shape if given.words is None else Token(given.words)
            for given in self.inputs
        }
        return shapes.get("", shapes)

    @property
    def each_width(self) -> tuple[Network, ...]:
        """The network with each C that may be chosen, in their order."""
        return tuple(replace(self, channels=width) for width in self.widths) or (self,)

    @cached_property
    def layout(self) -> tuple[str, ...]:
        """Names of the cells in order, all that may stand there."""
        return tuple(n for place in self.places for _ in range(place.most) for n in place.cells)

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """Choices around the cells: place by place each cell, then how many there are; then C."""
        found = []
        for number, place in enumerate(self.places, 1):
            if len(place.cells) > 1:
                behind = (f" {n} of place {number}" for n in range(1, place.most + 1))
                found += [Decision(f"cell{words}", place.cells) for words in behind]
            if len(place.counts) > 1:
                counts = tuple(map(str, place.counts))
                found.append(Decision(f"number of cells of place {number}", counts))
        if len(self.widths) > 1:
            found.append(Decision("channels", tuple(map(str, self.widths))))
        return tuple(found)

    def with_chosen(self, columns: Mapping[int, int]) -> Network:
        """Return the network with its decisions made, by row the alternative."""
        rows = count()
        places: list[Place] = []
        for place in self.places:
            names = [
                place.cells[columns[next(rows)]] if len(place.cells) > 1 else place.cells[0]
                for _ in range(place.most)
            ]
            some = columns[next(rows)] if len(place.counts) > 1 else 0
            places += (Place((name,)) for name in names[: place.counts[some]])
        if not self.widths:
            return replace(self, places=tuple(places))
        width = columns[next(rows)] if len(self.widths) > 1 else 0
        return replace(self, places=tuple(places), channels=self.widths[width], widths=())


def presence(network: Network) -> dict[str, tuple[Where, ...]]:
    """Return by part that is a cell the choices around the cells that put it there.

    They exclude each other; the only one of a cell that is there in any case is empty.
    """
    numbers, rows = count(), count()
    found: dict[str, tuple[Where, ...]] = {}
    for place in network.places:
        parts: list[tuple[str, int, Where]] = []
        for position in range(place.most):
            row = next(rows) if len(place.cells) > 1 else None
            for column in range(len(place.cells)):
                where: Where = () if row is None else ((NETWORK, row, column),)
                parts.append((f"cell{next(numbers)}", position, where))
        row = next(rows) if len(place.counts) > 1 else None
        for part, position, where in parts:
            many = [c for c, number in enumerate(place.counts) if number > position]
            found[part] = (
                (where,) if row is None else tuple((*where, (NETWORK, row, c)) for c in many)
            )
    return found


def network_graph(network: Network, cells: Mapping[str, Cell]) -> nx.MultiDiGraph[str]:
    """Return the DAG of a network's parts: stems, cells, choices and head, in order.

    An edge stands for an input that is read, in the order of the inputs; nodes that are cells carry
    their name as `cell`, choices their row of the network's alpha as `row`. A cell reads the parts
    just before it, the latest by its last input; where there are too few it reads the first stem
    more than once.
    """
    import networkx as nx

    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    parts = [given.part for given in network.inputs]
    graph.add_nodes_from(parts)
    numbers, rows = count(), count()

    def cell(name: str) -> str:
        part = f"cell{next(numbers)}"
        graph.add_node(part, cell=name)
        for back in range(len(cells[name].inputs), 0, -1):
            graph.add_edge(parts[max(0, len(parts) - back)], part)
        return part

    def choice(alternatives: Sequence[str]) -> str:
        row = next(rows)
        part = f"choice{row}"
        graph.add_node(part, row=row)
        graph.add_edges_from((alternative, part) for alternative in alternatives)
        return part

    for place in network.places:
        ends = [parts[-1]]
        for _ in range(place.most):
            found = [cell(name) for name in place.cells]
            parts.append(found[0] if len(found) == 1 else choice(found))
            ends.append(parts[-1])
        if len(place.counts) > 1:
            parts.append(choice([ends[number] for number in place.counts]))
    graph.add_edge(parts[-1], "head")
    return graph
