"""Drawings of what a spec, an architecture or a run describes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os.path import exists, isdir
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.app.compile import compile_spec
from dslnas.app.compiled import Compiled, CompiledArchitecture, CompiledSpace
from dslnas.diagnostics import user_error
from dslnas.drawing.draw import figures_of
from dslnas.drawing.style import Theme
from dslnas.drawing.svg import svg_text
from dslnas.files import write_whole
from dslnas.runs.folder import ARCHITECTURE, SPEC
from dslnas.runs.manifest import read_run_manifest
from dslnas.spelling import suggestion

if TYPE_CHECKING:
    from dslnas.drawing.figure import Figure
    from dslnas.space.architecture import Architecture
    from dslnas.space.search_space import SearchSpace

FORMATS = (".svg", ".png", ".dot")
"""Endings of files that can be drawn."""


def draw(
    source: Path | str | Compiled,
    out: Path | str | None = None,
    *,
    overrides: Sequence[str] = (),
    cell: str | None = None,
    primitives: bool = False,
    theme: Theme = "auto",
) -> str:
    """Draw cells and networks as for a paper, and return them as SVG.

    Args:
        source: A `.nas` file, a file of the library by its name, the folder of a run, or what
            `compile_spec` returned. Of a run its architecture is drawn, or its spec before that is
            found.
        out: A file to write, which ends in `.svg`, `.png` or `.dot`; none by default.
        overrides: Arguments of `--set`, such as `network.channels=8`.
        cell: Name of the only cell to draw.
        primitives: Whether the primitives of the cells are drawn, as they are lowered.
        theme: `light` or `dark`; by default an SVG follows its reader's settings, and a PNG is
            light.

    Raises:
        UserError: Any mistake of the spec, NAS023 for a folder that is no run, NAS821 where PNG
            cannot be drawn, NAS822 for an unknown cell, NAS021 where `out` cannot be written.
        ValueError: `out` has another ending.
    """
    if out is not None and Path(out).suffix not in FORMATS:
        raise ValueError(f"dslnas.draw: {str(out)!r} ends in none of {', '.join(FORMATS)}")
    compiled = source if isinstance(source, Compiled) else _compiled(source, overrides)
    figures = _figures(compiled, cell, primitives=primitives)
    svg = svg_text(figures, theme=theme)
    if out is not None:
        write_whole(Path(out), _content(figures, svg, Path(out).suffix, theme))
    return svg


def _compiled(source: Path | str, overrides: Sequence[str]) -> Compiled:
    path = Path(source)
    if isdir(path):
        read_run_manifest(path, "give a `.nas` file, or the folder of a run")
        path /= ARCHITECTURE if exists(path / ARCHITECTURE) else SPEC
    return compile_spec(path, overrides, with_data=False)


def _content(figures: Sequence[Figure], svg: str, ending: str, theme: Theme) -> str | bytes:
    if ending == ".svg":
        return f"{svg}\n"
    if ending == ".dot":
        from dslnas.drawing.dot import dot_text

        return dot_text(figures)
    from dslnas.drawing.png import png_bytes

    return png_bytes(svg_text(figures, theme="light") if theme == "auto" else svg)


def _figures(compiled: Compiled, cell: str | None, *, primitives: bool) -> list[Figure]:
    from dslnas.drawing.cells import cell_figure

    blocks = _blocks(compiled)
    names = list(dict.fromkeys(compiled.network.layout))
    if cell is not None and cell not in blocks.cells:
        raise _unknown(compiled, cell, blocks.cells)
    if not primitives:
        return [*figures_of(blocks)] if cell is None else [cell_figure(blocks.cells[cell])]
    from dslnas.drawing.primitives import primitives_figure

    wanted = names if cell is None else [cell]
    if not set(wanted) <= set(names):
        raise _unknown(compiled, wanted[0], names)
    return [primitives_figure(compiled.graph, name) for name in wanted]


def _blocks(compiled: Compiled) -> SearchSpace | Architecture:
    if isinstance(compiled, CompiledArchitecture):
        return compiled.architecture
    assert isinstance(compiled, CompiledSpace)
    return compiled.space


def _unknown(compiled: Compiled, cell: str, known: Iterable[str]) -> Exception:
    return user_error(
        "NAS822",
        f"has no cell `{cell}` to draw",
        where=compiled.linked.source.name,
        help=suggestion(cell, known),
    )
