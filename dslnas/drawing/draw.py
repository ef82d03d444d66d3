"""Drawings for others to embed: a cell as the text of an SVG."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from dslnas.drawing.cells import cell_figure
from dslnas.drawing.style import Theme
from dslnas.drawing.svg import svg_text
from dslnas.language.check.cell import Cell


def cell_svg(
    cell: Cell,
    *,
    title: str | None = None,
    notes: Mapping[int, str] | None = None,
    marked: Collection[int] = (),
    operations: Iterable[str] = (),
    theme: Theme = "auto",
) -> str:
    """Return a cell, searched or found, as an SVG element that may stand in a page of HTML.

    A page may hold many: they have no ids, and the same style sheet. Colours follow the reader's
    settings; a page sets its own by custom properties on `.dslnas-figure`, as `--dslnas-paper`.

    Args:
        cell: A cell of a space or an architecture.
        title: Heading; by default the cell's name.
        notes: Text below the operation of an edge, by the place of the edge in `cell.edges`: its
            runner-up and margin, for instance.
        marked: Places of edges that stand out.
        operations: Texts of operations in the order of their colours, so that several drawings
            have the same; others follow as they come.
        theme: `light` or `dark` for fixed colours.
    """
    figure = cell_figure(cell, title=title, notes=notes, marked=marked)
    return svg_text([figure], theme=theme, tones=operations)
