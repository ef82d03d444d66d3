"""The search space as a whole, and the two networks that are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from dslnas.language.check.constants import Scope
from dslnas.language.syntax import ast
from dslnas.ops.primitive import Shape
from dslnas.source import Span
from dslnas.space.cell import Cell

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
class Network:
    """One network of cells: the supernet that is searched, or the one that is trained.

    Attributes:
        input: Shape of an example, (channels, height, width).
        classes: Outputs of the head.
        channels: C of the first cell.
        layout: Names of the cells in order.
        stem: Expression for what comes before the first cell.
        head: Expression for what comes after the last.
        auxiliary: Expression for the second head while training; None without.
        partial: How a part of the channels is searched; None if all are, with edges summed.
    """

    input: Shape
    classes: int
    channels: int
    layout: tuple[str, ...]
    stem: ast.Expression
    head: ast.Expression
    auxiliary: ast.Expression | None
    partial: Partial | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class SearchSpace:
    """Cells, networks and the definitions of the operations they choose from.

    Attributes:
        cells: By name.
        network: The supernet's.
        final: The derived network's, as `evaluate` says.
        definitions: Of operations, by name.
        constants: Values of `let`.
    """

    cells: Mapping[str, Cell]
    network: Network
    final: Network
    definitions: Mapping[str, ast.OpDef]
    constants: Scope

    @property
    def is_architecture(self) -> bool:
        """Whether every choice is made."""
        return not self.searched

    @property
    def searched(self) -> tuple[str, ...]:
        """Names of the supernet's cells that have something to choose, in order of use."""
        names = dict.fromkeys(self.network.layout)
        return tuple(name for name in names if self.cells[name].choices)

    def with_cells(self, cells: Mapping[str, Cell]) -> SearchSpace:
        """Return the space with some of its cells replaced."""
        return SearchSpace(
            {**self.cells, **cells}, self.network, self.final, self.definitions, self.constants
        )

    @cached_property
    def network_graph(self) -> nx.DiGraph[str]:
        """The DAG of the supernet's parts: stem, cells and head, by who reads whom."""
        import networkx as nx  # see dslnas.language.toposort

        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_node("stem", kind="stem")
        parts = ["stem"]
        for index, name in enumerate(self.network.layout):
            part = f"cell{index}"
            graph.add_node(part, kind="cell", cell=name)
            for back in range(len(self.cells[name].inputs), 0, -1):
                graph.add_edge(parts[max(0, len(parts) - back)], part)
            parts.append(part)
        graph.add_node("head", kind="head")
        graph.add_edge(parts[-1], "head")
        return graph
