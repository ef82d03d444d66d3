"""Drawings for others: a cell to embed, and all figures of a space or an architecture."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from networkx.utils import graphs_equal

from dslnas.drawing.cells import cell_figure
from dslnas.drawing.figure import Figure
from dslnas.drawing.networks import network_figure
from dslnas.drawing.style import Theme
from dslnas.drawing.svg import svg_text
from dslnas.language.check.cell import Cell
from dslnas.space.architecture import Architecture, trained_network
from dslnas.space.search_space import SearchSpace


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


def figures_of(blocks: SearchSpace | Architecture) -> Iterator[Figure]:
    """Yield the cells of a space or an architecture, in the order of their use, then networks.

    Cells that differ in nothing but their names are drawn once, and so are networks.
    """
    is_found = isinstance(blocks, Architecture)
    final = trained_network(blocks)
    used = dict.fromkeys((*blocks.network.layout, *final.layout))
    alike: dict[Cell, list[str]] = {}
    for name in used:
        alike.setdefault(replace(blocks.cells[name], name=""), []).append(name)
    for names in alike.values():
        yield cell_figure(blocks.cells[names[0]], title=", ".join(names))
    if is_found:
        yield network_figure(blocks.network, blocks.cells, "network")
        return
    first = network_figure(blocks.network, blocks.cells, "supernet")
    last = network_figure(final, blocks.cells, "final network")
    if graphs_equal(first.graph, last.graph) and first.captions == last.captions:
        yield network_figure(final, blocks.cells, "supernet, final network")
    else:
        yield from (first, last)
