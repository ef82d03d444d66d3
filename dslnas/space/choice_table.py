"""Choices as rows and columns: what an engine knows of a cell, or of the network around cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random

from dslnas.language.check.cell import Cell
from dslnas.space.connectivity import Connectivity, connectivity
from dslnas.space.decision import Decision

TIE_BITS = 62
"""Bits of the random numbers that break ties."""


@dataclass(frozen=True)
class ChoiceTable:
    """Rows (edges) and columns (operations) of one cell's alpha.

    Choices that do not belong to edges, such as those inside of operations, are rows as well, each
    with a node of its own.

    Attributes:
        cell: Name of the cell, or of the table where it is not one of edges.
        rows: For every row its columns that exist, as a count: rows may be of unequal length.
        candidates: For every row the columns that a derived cell may have.
        nodes: For every node the rows that it sums.
        keep: Rows per node of a derived cell; None keeps all.
        connectivity: Requirements on choices; None where all choices are connected.
        names: For every node its name.
        sources: For every row what it reads: an input, a state, a value or a node, by name.
        operations: For every row its operations as they are written.
    """

    cell: str
    rows: tuple[int, ...]
    candidates: tuple[tuple[int, ...], ...]
    nodes: tuple[tuple[int, ...], ...]
    keep: int | None
    connectivity: Connectivity | None = field(default=None, compare=False, repr=False)
    names: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    operations: tuple[tuple[str, ...], ...] = ()

    @property
    def width(self) -> int:
        """Columns of alpha."""
        return max(self.rows)

    @property
    def choosing(self) -> tuple[tuple[int, ...], ...]:
        """The rows of every node that sums some."""
        return tuple(rows for rows in self.nodes if rows)

    def kept(self, rows: tuple[int, ...]) -> int:
        """Return how many of a node's rows a derived cell has."""
        return len(rows) if self.keep is None else min(self.keep, len(rows))

    def is_connected(self, chosen: Mapping[int, int]) -> bool:
        """Whether a derived cell is connected, with a column for each row that is kept."""
        return self.connectivity is None or self.connectivity.holds(chosen)


def choice_table(cell: Cell) -> ChoiceTable:
    """Return the choices of a cell that has some."""
    choices = cell.choices
    by_node = ([e.row for e in cell.incoming(node)] for node in cell.nodes)
    return ChoiceTable(
        cell.name,
        tuple(len(edge.operations) for edge in choices),
        tuple(cell.candidates(edge) for edge in choices),
        tuple(tuple(row for row in rows if row is not None) for rows in by_node),
        cell.keep,
        connectivity(cell),
        cell.nodes,
        tuple(edge.source for edge in choices),
        tuple(tuple(operation.text for operation in edge.operations) for edge in choices),
    )


def decision_table(name: str, decisions: Sequence[Decision]) -> ChoiceTable:
    """Return choices that are independent of each other as a table."""
    sizes = tuple(len(decision.alternatives) for decision in decisions)
    names = tuple(decision.name for decision in decisions)
    return ChoiceTable(
        name,
        sizes,
        tuple(tuple(range(size)) for size in sizes),
        tuple((row,) for row in range(len(sizes))),
        None,
        names=names,
        sources=("",) * len(names),
        operations=tuple(decision.alternatives for decision in decisions),
    )


@lru_cache(64)
def tie_breaks(seed: int, cell: str, rows: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Return a random number for every operation of a cell: the larger one wins a tie.

    A seed breaks the ties of a cell the same way every time, so that what runs in a search is what
    would be derived from it, and a search that is resumed goes on as it would have.
    """
    random = Random(f"{seed} {cell}")
    return tuple(tuple(random.getrandbits(TIE_BITS) for _ in range(number)) for number in rows)


def best_choice(
    table: ChoiceTable, scores: Sequence[Sequence[float]], seed: int = 0
) -> dict[int, int]:
    """Return by row that is kept its column.

    Per edge the candidate with the highest score stays; per node only the `keep` edges whose
    highest score is highest stay. Ties are broken at random by the seed.
    """
    ties = tie_breaks(seed, table.cell, table.rows)

    def rank(row: int, column: int) -> tuple[float, int]:
        return scores[row][column], ties[row][column]

    best = {
        row: max(columns, key=lambda column: rank(row, column))
        for row, columns in enumerate(table.candidates)
    }
    chosen: dict[int, int] = {}
    for rows in table.nodes:
        ranked = sorted(rows, key=lambda row: rank(row, best[row]), reverse=True)
        chosen |= {row: best[row] for row in ranked[: table.kept(rows)]}
    return chosen
