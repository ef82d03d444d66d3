"""The search space as a whole, and the two networks that are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dslnas.language.check.cell import Cell
from dslnas.language.check.constants import Scope
from dslnas.language.syntax import ast
from dslnas.ops.primitive import Example, Shape, Token
from dslnas.source import Span

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


@dataclass(frozen=True)
class Network:
    """One network of cells: the supernet that is searched, or the one that is trained.

    Attributes:
        inputs: Values that it reads; the first cells read their stems' outputs, in this order.
        classes: Outputs of the head.
        channels: C of the first cell.
        layout: Names of the cells in order.
        head: Expression for what comes after the last.
        auxiliary: Expression for the second head while training; None without.
        partial: How a part of the channels is searched; None if all are, with edges summed.
        has_skips: Whether a skip connection stands beside the operations of every choosing edge.
    """

    inputs: tuple[Input, ...]
    classes: int
    channels: int
    layout: tuple[str, ...]
    head: ast.Expression
    auxiliary: ast.Expression | None
    partial: Partial | None = None
    has_skips: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def example(self) -> Example:
        """Shape of an example; by name where the inputs have names."""
        shapes = {
            given.name: given.shape if given.words is None else Token(given.words)
            for given in self.inputs
        }
        return shapes.get("", shapes)


@dataclass(frozen=True)
class BuildingBlocks:
    """Cells, and the operations that they and the layers around them are made of.

    Attributes:
        cells: By name.
        definitions: Definitions of operations, by name.
        constants: Values of `let`.
    """

    cells: Mapping[str, Cell]
    definitions: Mapping[str, ast.OpDef]
    constants: Scope


@dataclass(frozen=True)
class SearchSpace(BuildingBlocks):
    """A supernet with choices in its cells, and the network that is derived from it.

    Attributes:
        network: The supernet.
        final: The derived network, as `evaluate` says.
    """

    network: Network
    final: Network

    @property
    def searched(self) -> tuple[str, ...]:
        """Names of the supernet's cells that have something to choose, in order of use."""
        names = dict.fromkeys(self.network.layout)
        return tuple(name for name in names if self.cells[name].choices)


def network_graph(network: Network, cells: Mapping[str, Cell]) -> nx.MultiDiGraph[str]:
    """Return the DAG of a network's parts: stems, cells and head, in order.

    An edge stands for an input that is read, in the order of the inputs; nodes that are cells carry
    their name. A cell reads the parts just before it, the latest by its last input; where there are
    too few it reads the first stem more than once.
    """
    import networkx as nx

    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    parts = [given.part for given in network.inputs]
    graph.add_nodes_from(parts)
    for index, name in enumerate(network.layout):
        part = f"cell{index}"
        graph.add_node(part, cell=name)
        for back in range(len(cells[name].inputs), 0, -1):
            graph.add_edge(parts[max(0, len(parts) - back)], part)
        parts.append(part)
    graph.add_edge(parts[-1], "head")
    return graph
