"""`dslnas check`: is a spec right?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from dslnas.app.check import Verdict, check_spec
from dslnas.cli.options import print_json, set_option
from dslnas.diagnostics import UserError
from dslnas.language.link.sources import shown_name

FORMATS = ("text", "json", "github", "sarif")


@click.command()
@click.argument("specs", nargs=-1, required=True, type=click.Path(path_type=Path))
@set_option
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default=FORMATS[0],
    show_default=True,
    help="For people, for programs (see `dslnas schema check`), or for code review.",
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
def check(specs: tuple[Path, ...], overrides: tuple[str, ...], form: str) -> None:
    """Check SPECS for mistakes of any kind, without training anything; `-` reads stdin.

    Prints every mistake with its place and how to mend it.
    """
    verdicts = {shown_name(spec): check_spec(spec, overrides) for spec in specs}
    mistakes = [mistake for verdict in verdicts.values() for mistake in verdict.mistakes]
    if form == "text":
        _print_text(verdicts)
        if mistakes:
            raise UserError(mistakes)
        return
    _print_for_programs(verdicts, form)
    click.get_current_context().exit(1 if mistakes else 0)


def _print_text(verdicts: Mapping[str, Verdict]) -> None:
    """Print which specs are right, and remarks."""
    for name, verdict in verdicts.items():
        if not verdict.mistakes:
            click.echo(f"{name}: ok" + (f"; {verdict.missing}" if verdict.missing else ""))
        for note in verdict.notes:
            click.echo(note.render(), err=True)


def _print_for_programs(verdicts: Mapping[str, Verdict], form: str) -> None:
    from dslnas.app.check_report import check_report
    from dslnas.cli.render.github import github_text
    from dslnas.cli.render.sarif import sarif

    report = check_report(verdicts)
    if form == "github":
        text = github_text(report)
        click.echo(text, nl=bool(text))
    else:
        print_json(sarif(report) if form == "sarif" else report.model_dump())
