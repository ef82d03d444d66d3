"""Statistics of derived cells."""

from __future__ import annotations

from collections import Counter

from dslnas.space.cell import Cell


def operation_counts(cell: Cell) -> dict[str, int]:
    """Return how many edges have each operation, by its text, most frequent first."""
    assert not cell.choices, "of a derived cell"
    return dict(Counter(edge.operations[0].text for edge in cell.edges).most_common())


def skip_share(cell: Cell) -> float:
    """Return the share of edges with an identity, from 0 to 1.

    As in the papers, those that reduce the size count too: a skip is a skip at every stride.
    """
    return _having(cell, cell.identities) / len(cell.edges)


def convolution_count(cell: Cell) -> int:
    """Return how many edges have a convolution: what MiLeNAS takes as the size of a cell."""
    return _having(cell, cell.convolutions)


def _having(cell: Cell, operations: frozenset[str]) -> int:
    counts = operation_counts(cell)
    return sum(number for text, number in counts.items() if text in operations)
