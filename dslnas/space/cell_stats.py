"""Statistics of derived cells."""

from __future__ import annotations

from collections import Counter

from dslnas.language.check.cell import Cell, Edge

COLLAPSED = 0.5
"""A cell of which this share of the edges are skip connections has collapsed."""


def operation_counts(cell: Cell) -> dict[str, int]:
    """Return how many edges have each operation, by its text, most frequent first."""
    assert not cell.choices, "of a derived cell"
    return dict(Counter(edge.operations[0].text for edge in cell.edges).most_common())


def skip_share(cell: Cell) -> float:
    """Return the share of edges with an identity among those that were chosen, from 0 to 1.

    As in the papers, those that reduce the size count too: a skip is a skip at every stride.
    """
    return skip_count(cell) / max(1, len(_chosen(cell)))


def skip_count(cell: Cell) -> int:
    """Return how many edges with an identity were chosen: a fixed one is no sign of a collapse.

    There are none behind a gate, which hands nothing on.
    """
    return sum(edge.operations[0].is_identity for edge in _chosen(cell)) if cell.gate is None else 0


def _chosen(cell: Cell) -> list[Edge]:
    return [edge for edge in cell.edges if edge.is_chosen]


def convolution_count(cell: Cell) -> int:
    """Return how many edges have a convolution: what MiLeNAS takes as the size of a cell."""
    return sum(edge.operations[0].is_convolution for edge in cell.edges)


def lacks_convolutions(cell: Cell, searched: Cell) -> bool:
    """Whether no edge of a derived cell has a convolution, of those that could have one."""
    could = any(o.is_convolution for edge in searched.choices for o in edge.operations)
    return could and not any(edge.operations[0].is_convolution for edge in _chosen(cell))
