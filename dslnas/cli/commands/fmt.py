"""`dslnas fmt`: the one way to write a spec."""

from __future__ import annotations

from pathlib import Path

import click

from dslnas.files import OTHER_COPY, write_whole
from dslnas.language.link.sources import read_source
from dslnas.language.print.format import format_program
from dslnas.language.syntax.parse import parse


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit 1 if a file would.")
def fmt(files: tuple[Path, ...], only_check: bool) -> None:
    """Write FILES in their canonical form, comments included; `-` reads stdin, writes stdout.

    Comments stay. The program stays the same.
    """
    changed = False
    for file in files:
        if str(file) == "-":
            click.echo(format_program(parse(read_source(file, pipes=True))), nl=False)
            continue
        source = read_source(file, pipes=True)
        text = format_program(parse(source))
        if text == source.text:
            continue
        changed = True
        if only_check:
            click.echo(f"{file}: not formatted")
        else:
            write_whole(file, text, instead=OTHER_COPY)
            click.echo(f"{file}: formatted")
    if changed and only_check:
        click.get_current_context().exit(1)
