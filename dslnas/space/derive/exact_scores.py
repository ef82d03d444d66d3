"""Decisions on a cell as whole numbers, so that sums are exact and tell what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import lcm
from typing import TypeAlias

from dslnas.language.check.cell import Cell

Values: TypeAlias = Sequence[Mapping[int | None, int]]
"""By row what it is worth to keep it with a column, and to drop it (None)."""


def values(cell: Cell, scores: Sequence[Sequence[float]]) -> Values:
    """Return what every decision adds to a sum: its score, and below that the decision itself.

    Scores are whole numbers of a unit so small that nothing is rounded. Below the unit follows one
    digit per row, the first row's first: the column, or the width of alpha if the row is dropped.
    Digits are subtracted, so of equal sums that with the first edges and columns is the largest.
    """
    rows, base = len(cell.choices), cell.width + 1
    ratios = [
        {column: scores[row][column].as_integer_ratio() for column in cell.candidates(edge)}
        for row, edge in enumerate(cell.choices)
    ]
    unit = lcm(*(below for row in ratios for _, below in row.values())) * base**rows
    found = []
    for row, columns in enumerate(ratios):
        digit = base ** (rows - 1 - row)
        worth: dict[int | None, int] = {None: -cell.width * digit}
        for column, (above, below) in columns.items():
            worth[column] = above * (unit // below) - column * digit
        found.append(worth)
    return found


def decided(cell: Cell, value: int) -> dict[int, int]:
    """Return the columns of the rows that are kept: the last digits of a value."""
    rows, base = len(cell.choices), cell.width + 1
    digits = -value % base**rows
    found = {}
    for row in reversed(range(rows)):
        digits, column = divmod(digits, base)
        if column < cell.width:
            found[row] = column
    return found
