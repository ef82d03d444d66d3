"""Decisions on a cell as whole numbers, so that sums are exact and tell what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import lcm
from typing import TypeAlias

from dslnas.language.check.cell import Cell
from dslnas.space.choice_table import TIE_BITS, tie_breaks

Values: TypeAlias = Sequence[Mapping[int | None, int]]
"""By row what it is worth to keep it with a column, and to drop it (None)."""


def values(
    cell: Cell, scores: Sequence[Sequence[float]], seed: int, threshold: float = 0.0
) -> Values:
    """Return what every decision adds to a sum: its score, below that what breaks ties, and itself.

    Scores count from the threshold on, so that an edge that scores less makes a sum smaller.

    Scores are whole numbers of a unit so small that nothing is rounded. Below the unit follow the
    numbers of `tie_breaks`, and below those one digit per row, the first row's first: the column,
    or the width of alpha if the row is dropped. Digits are subtracted.
    """
    rows, base = len(cell.choices), cell.width + 1
    ties = tie_breaks(seed, cell.name, tuple(len(edge.operations) for edge in cell.choices))
    ratios = [
        {column: scores[row][column].as_integer_ratio() for column in cell.candidates(edge)}
        for row, edge in enumerate(cell.choices)
    ]
    from_, parts = threshold.as_integer_ratio()
    unit = lcm(parts, *(below for row in ratios for _, below in row.values()))
    unit *= (rows + 1) << TIE_BITS
    found = []
    for row, columns in enumerate(ratios):
        digit = base ** (rows - 1 - row)
        worth: dict[int | None, int] = {None: -cell.width * digit}
        for column, (above, below) in columns.items():
            score = above * (unit // below) - from_ * (unit // parts) + ties[row][column]
            worth[column] = score * base**rows - column * digit
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
