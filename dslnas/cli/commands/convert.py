"""`dslnas convert`: architectures from other programs, and for them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dslnas.app.convert import TARGETS
from dslnas.app.convert import convert as convert_text
from dslnas.cli.options import completed
from dslnas.files import write_whole
from dslnas.source import SourceFile


@click.command()
@click.argument("source", metavar="ARCHITECTURE", shell_complete=completed("architectures"))
@click.option("--to", type=click.Choice(TARGETS), help="By default nas, or what fits the cells.")
@click.option(
    "--spec",
    type=click.Path(path_type=Path),
    help="Spec that the cells are put into; by default a new one in the space of their paper.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; else stdout."
)
def convert(source: str, to: str | None, spec: Path | None, out: Path | None) -> None:
    """Convert an ARCHITECTURE from and to NAS-Bench-201's strings and DARTS' genotypes.

    ARCHITECTURE is a .nas file without choices, one of the library such as cnn.darts_v2, or the
    folder of a run; or a text in quotes, a file with it, or - for stdin: a string of NAS-Bench-201,
    or a genotype of DARTS' family.
    """
    given = SourceFile("<stdin>", sys.stdin.read()) if source == "-" else source
    text = convert_text(given, to, spec=spec)
    if out is None:
        click.echo(text, nl=False)
    else:
        write_whole(out, text)
