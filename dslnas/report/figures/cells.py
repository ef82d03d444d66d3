"""Drawings of the cells of an architecture."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from markupsafe import Markup

from dslnas.drawing.cells import cell_figure
from dslnas.drawing.svg import svg_text
from dslnas.space.architecture import Architecture

Marked = Mapping[str, Collection[int]]
"""By cell, the places of its edges that stand out."""


def cell_drawings(
    architecture: Architecture, marked: Marked | None = None, tones: Sequence[str] = ()
) -> list[Markup]:
    """Return a drawing of every cell; `tones`: operations that take the first colours."""
    return [
        Markup(svg_text([cell_figure(cell, marked=(marked or {}).get(name, ()))], tones=tones))
        for name, cell in architecture.cells.items()
    ]
