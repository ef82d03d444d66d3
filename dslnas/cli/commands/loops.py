"""`dslnas loops`: compile the loops for this processor ahead of all runs."""

from __future__ import annotations

import click


@click.command()
def loops() -> None:
    """Compile the loops that the extra `fast` brings for this processor, and keep them.

    Runs that need loops find them there; without this command the first ones compile them.
    """
    from dslnas.app.own_loops import compile_loops
    from dslnas.cli.render.progress import Progress

    count, folder = compile_loops(Progress())
    click.echo(f"{count} loops are ready in {folder}")
