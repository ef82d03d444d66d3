"""`dslnas loops`: compile the loops for this processor ahead of all runs."""

from __future__ import annotations

from typing import get_args

import click

from dslnas.app.own_loops import LoopPrecision


@click.command()
@click.option(
    "--precision",
    "precisions",
    type=click.Choice(get_args(LoopPrecision)),
    multiple=True,
    default=("float32",),
    show_default=True,
    help="Precision of the runs that will need them; may be given twice.",
)
def loops(precisions: tuple[LoopPrecision, ...]) -> None:
    """Compile the loops of the extra `fast` for this processor; else the first runs do.

    They are kept in a folder, which is printed, and runs find them there.
    """
    from dslnas.app.own_loops import compile_loops
    from dslnas.cli.render.progress import Progress

    count, folder = compile_loops(precisions, Progress())
    click.echo(f"{count} loops are ready in {folder}")
