"""`dslnas explain`: what an error code means."""

from __future__ import annotations

import click

from dslnas.cli.options import completed
from dslnas.codes import CODES, page_of
from dslnas.spelling import suggestion


@click.command()
@click.argument("code", shell_complete=completed("codes"))
def explain(code: str) -> None:
    """Explain the error CODE, such as NAS201, with the shortest spec that has it."""
    known = CODES.get(code.upper())
    if known is None:
        raise click.UsageError(f"unknown code `{code}`; {suggestion(code.upper(), CODES)}")
    click.echo(f"{code.upper()}: {known.title}\n\n{known.explanation}")
    if known.example:
        click.echo("\nFor example:\n")
        click.echo("\n".join(f"    {line}" for line in known.example.splitlines()))
    click.echo(f"\nIn the documentation, which `make docs` builds: {page_of(code)}")
