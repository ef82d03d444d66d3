"""A report as a page of HTML that needs nothing else."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from dslnas.drawing.palette import DARK, LIGHT
from dslnas.files import write_whole
from dslnas.report.comparison import Comparison
from dslnas.report.figures.cells import cell_drawings
from dslnas.report.figures.dots import among, dot_plot
from dslnas.report.figures.heat import LEVELS, heat_map
from dslnas.report.figures.lines import line_chart
from dslnas.report.figures.matrix import matrix
from dslnas.report.numbers import Number, Piece
from dslnas.report.view import Report
from dslnas.templates import templates
from dslnas.visible import visible_lines

COARSE = 32
"""Pixels of a side up to which a picture is shown pixel by pixel."""


def write_page(report: Report, path: Path) -> None:
    """Write a report into a file, whole or not at all; raise NAS021 if that fails."""
    write_whole(path, page(report))


def write_comparison(comparison: Comparison, path: Path) -> None:
    """Write runs side by side into a file, whole or not at all; raise NAS021 if that fails."""
    write_whole(path, _rendered("compare.html", comparison=comparison))


def page(report: Report) -> str:
    """Return a report as HTML."""
    shown = {row: _in_page(content) for row, content in report.pictures.items()}
    return _rendered("report.html", report=report, pictures=shown)


def _rendered(template: str, **values: object) -> str:
    """Return a page as text in which the controls of names are seen."""
    return visible_lines(_environment().get_template(template).render(**values))


@cache
def _environment() -> jinja2.Environment:
    environment = templates("dslnas.report", autoescape=True, keep_trailing_newline=False)
    environment.globals.update(
        line_chart=line_chart,
        heat_map=heat_map,
        matrix=matrix,
        among=among,
        dot_plot=dot_plot,
        cell_drawings=cell_drawings,
        light={**LIGHT, "heat": LIGHT["edge0"], "wrong": LIGHT["mark"]},
        dark={**DARK, "heat": DARK["edge0"], "wrong": DARK["mark"]},
        number=_number,
        in_code=_in_code,
        LEVELS=LEVELS,
    )
    return environment


@dataclass(frozen=True)
class _Picture:
    """A picture inside of a page.

    Attributes:
        address: All of it.
        is_coarse: Whether it is so small that its pixels are seen.
    """

    address: str
    is_coarse: bool


def _in_page(content: bytes) -> _Picture:
    """Return a PNG as a part of a page; its header has the width in bytes 16 to 19."""
    address = f"data:image/png;base64,{b64encode(content).decode('ascii')}"
    return _Picture(address, int.from_bytes(content[16:20]) <= COARSE)


def _number(piece: Piece) -> Markup | str:
    """Return a piece of text; a number says which it is and where it is from."""
    if not isinstance(piece, Number):
        return piece
    source = Markup(' data-from="{}"').format(piece.source) if piece.source else ""
    return Markup('<data value="{}"{}>{}</data>').format(repr(piece.value), source, piece.text)


def _in_code(text: str) -> Markup:
    """Return a text in which what stands in backticks is code."""
    parts = (
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(text.split("`"))
    )
    return Markup("").join(parts)
