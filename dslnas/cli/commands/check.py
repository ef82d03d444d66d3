"""`dslnas check`: is a spec right?"""

from __future__ import annotations

from pathlib import Path

import click

from dslnas.app.check import check_spec
from dslnas.cli.options import json_option, print_json, set_option
from dslnas.diagnostics import Diagnostic, UserError


@click.command()
@click.argument("specs", nargs=-1, required=True, type=click.Path(path_type=Path))
@set_option
@json_option
def check(specs: tuple[Path, ...], overrides: tuple[str, ...], as_json: bool) -> None:
    """Check SPECS for mistakes of any kind, without training anything; `-` reads stdin.

    Prints every mistake with its place and how to mend it.
    """
    verdicts = {str(spec): check_spec(spec, overrides) for spec in specs}
    mistakes = [mistake for verdict in verdicts.values() for mistake in verdict.mistakes]
    if as_json:
        print_json({name: [_as_json(d) for d in v.mistakes] for name, v in verdicts.items()})
        click.get_current_context().exit(1 if mistakes else 0)
    for name, verdict in verdicts.items():
        if not verdict.mistakes:
            click.echo(f"{name}: ok" + (f"; {verdict.missing}" if verdict.missing else ""))
        for note in verdict.notes:
            click.echo(note.render(), err=True)
    if mistakes:
        raise UserError(mistakes)


def _as_json(diagnostic: Diagnostic) -> dict[str, object]:
    span = diagnostic.span
    return {
        "code": diagnostic.code,
        "message": diagnostic.text,
        "help": diagnostic.help,
        "file": span.source.name if span else diagnostic.where,
        "line": span.line if span else None,
        "column": span.column if span else None,
    }
