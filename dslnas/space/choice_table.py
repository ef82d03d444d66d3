"""The choices of a cell as rows and columns: what an engine knows of a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dslnas.language.check.cell import Cell


@dataclass(frozen=True)
class ChoiceTable:
    """Rows (edges) and columns (operations) of one cell's alpha.

    Attributes:
        cell: Name of the cell.
        rows: For every row its columns that exist, as a count: rows may be of unequal length.
        candidates: For every row the columns that a derived cell may have.
        nodes: For every node the rows that it sums.
        keep: Rows per node of a derived cell; None keeps all.
    """

    cell: str
    rows: tuple[int, ...]
    candidates: tuple[tuple[int, ...], ...]
    nodes: tuple[tuple[int, ...], ...]
    keep: int | None

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
    )


def best_choice(table: ChoiceTable, scores: Sequence[Sequence[float]]) -> dict[int, int]:
    """Return by row that is kept its column.

    Per edge the candidate with the highest score stays; per node only the `keep` edges whose
    highest score is highest stay. Ties go to what is written first.
    """
    best = {
        row: max(columns, key=scores[row].__getitem__)
        for row, columns in enumerate(table.candidates)
    }
    chosen: dict[int, int] = {}
    for rows in table.nodes:
        ranked = sorted(rows, key=lambda row: -scores[row][best[row]])
        chosen |= {row: best[row] for row in ranked[: table.kept(rows)]}
    return chosen
