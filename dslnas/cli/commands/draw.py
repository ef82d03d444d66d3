"""`dslnas draw`: cells and networks as for a paper."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from dslnas.app.draw import FORMATS
from dslnas.app.draw import draw as draw_figures
from dslnas.cli.options import set_option
from dslnas.drawing.style import Theme


@click.command()
@click.argument("source", metavar="SOURCE", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write, .svg, .png or .dot; else SVG on stdout.",
)
@click.option("--cell", metavar="NAME", help="Draw this cell alone.")
@click.option("--primitives", is_flag=True, help="Draw the primitives that cells are made of.")
@click.option(
    "--theme",
    type=click.Choice(get_args(Theme)),
    default="auto",
    help="Colours; by default those of whoever looks at it.",
)
@set_option
def draw(
    source: Path,
    out: Path | None,
    cell: str | None,
    primitives: bool,
    theme: Theme,
    overrides: tuple[str, ...],
) -> None:
    """Draw the cells and the networks of SOURCE as for a paper: SVG, PNG or dot.

    SOURCE is a .nas file, one of the library such as cnn.darts_v2, or the folder of a run: of a
    spec the choices are drawn, of an architecture or a run what was found.
    """
    if out is not None and out.suffix not in FORMATS:
        raise click.BadParameter(f"{out} ends in none of {', '.join(FORMATS)}", param_hint="--out")
    svg = draw_figures(
        source, out, overrides=overrides, cell=cell, primitives=primitives, theme=theme
    )
    if out is None:
        click.echo(svg)
