"""`dslnas check`: is a spec right?"""

from __future__ import annotations

from pathlib import Path

import click

from dslnas.app.check import find_mistakes
from dslnas.cli.options import json_option, print_json, set_option
from dslnas.diagnostics import Diagnostic, UserError


@click.command()
@click.argument("specs", nargs=-1, required=True, type=click.Path(path_type=Path))
@set_option
@json_option
def check(specs: tuple[Path, ...], overrides: tuple[str, ...], as_json: bool) -> None:
    """Check SPECS for mistakes of any kind, without training anything.

    Prints every mistake with its place and how to mend it.
    """
    found = {str(spec): find_mistakes(spec, overrides) for spec in specs}
    if as_json:
        print_json({name: [_as_json(d) for d in wrong] for name, wrong in found.items()})
    else:
        for name, wrong in found.items():
            if not wrong:
                click.echo(f"{name}: ok")
    if any(found.values()):
        if as_json:
            click.get_current_context().exit(1)
        raise UserError(d for wrong in found.values() for d in wrong)


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
