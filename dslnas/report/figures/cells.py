"""Drawings of the cells of an architecture."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from markupsafe import Markup

from dslnas.drawing.cells import cell_figure
from dslnas.drawing.svg import svg_text
from dslnas.language.check.cell import Cell
from dslnas.space.architecture import Architecture

Marked = Mapping[str, Collection[int]]
"""By cell, the places of its edges that stand out."""


def cell_drawings(
    architecture: Architecture, marked: Marked | None = None, tones: Sequence[str] = ()
) -> list[Markup]:
    """Return a drawing of every cell; `tones`: operations that take the first colours."""
    edges = (edge for cell in architecture.cells.values() for edge in cell.edges)
    tones = (*tones, *(operation.text for edge in edges for operation in edge.operations))
    return [
        _drawing(cell, tuple((marked or {}).get(name, ())), tuple(dict.fromkeys(tones)))
        for name, cell in architecture.cells.items()
    ]


@lru_cache(256)  # most cells stay as they are from one epoch to the next
def _drawing(cell: Cell, marked: tuple[int, ...], tones: tuple[str, ...]) -> Markup:
    return Markup(svg_text([cell_figure(cell, marked=marked)], tones=tones))
