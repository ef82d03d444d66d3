"""Choices of a space that are none: only one operation can come out of them."""

from __future__ import annotations

from collections.abc import Iterator

from dslnas.diagnostics import Note
from dslnas.language.check.cell import Cell
from dslnas.space.search_space import SearchSpace


def settled_choices(space: SearchSpace) -> tuple[Note, ...]:
    """Return in words the choices with one outcome, each with its place, told once."""
    notes = (note for name in space.searched for note in _of_cell(space.cells[name]))
    return tuple(dict.fromkeys(notes))


def _of_cell(cell: Cell) -> Iterator[Note]:
    for edge in cell.choices:
        columns = cell.candidates(edge)
        if len(columns) > 1 or edge.span is None:
            continue
        (left,) = (edge.operations[column].text for column in columns)
        others = (op.text for place, op in enumerate(edge.operations) if place not in columns)
        yield Note(
            f"choice of cell `{cell.name}` has one outcome, `{left}`: without `none allowed` a "
            f"derived edge is never `{'` or `'.join(others)}`",
            edge.span,
        )
