"""`dslnas check`: is a spec right?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from dslnas.app.check import Verdict, check_spec
from dslnas.cli.options import print_json, set_option
from dslnas.diagnostics import UserError
from dslnas.language.link.sources import STDIN, shown_name

FORMATS = {
    "text": "Messages with the line and marks below it; right specs on stdout, mistakes on stderr.",
    "json": "One object with all specs, also the right ones; `dslnas schema check` is its schema.",
    "github": "Workflow commands: GitHub shows them beside the lines of a change.",
    "sarif": "A SARIF 2.1.0 log with the explanation of each code and fixes, for code scanning.",
}
"""Formats with what is printed in each."""


@click.command()
@click.argument("specs", nargs=-1, required=True, type=click.Path(path_type=Path))
@set_option
@click.option(
    "--format",
    "form",
    type=click.Choice(tuple(FORMATS)),
    default="text",
    show_default=True,
    help="For people, for programs (see `dslnas schema check`), or for code review.",
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@click.option("--fix", is_flag=True, help="Mend what is certain: write the files.")
@click.option("--guess", is_flag=True, help="With --fix: mend what is not certain, too.")
def check(
    specs: tuple[Path, ...], overrides: tuple[str, ...], form: str, fix: bool, guess: bool
) -> None:
    """Find the mistakes of SPECS, each with its place and how to mend it; `-` reads stdin.

    Nothing is trained. With --fix what remains is printed behind what was changed; a spec from
    stdin is written to stdout.
    """
    if guess and not fix:
        raise click.UsageError("--guess needs --fix")
    if fix and STDIN in specs and (form != "text" or len(specs) > 1):
        raise click.UsageError("--fix writes the spec from stdin to stdout: give it alone, as text")
    verdicts = {shown_name(spec): _verdict(spec, overrides, fix, guess) for spec in specs}
    mistakes = [mistake for verdict in verdicts.values() for mistake in verdict.mistakes]
    if form != "text":
        _print_for_programs(verdicts, form)
        click.get_current_context().exit(1 if mistakes else 0)
    _print_text(verdicts, is_read=fix and STDIN in specs)
    if mistakes:
        raise UserError(mistakes)


def _verdict(spec: Path, overrides: Sequence[str], fix: bool, guess: bool) -> Verdict:
    """Return the verdict on a spec, with --fix on what it was mended to."""
    if not fix:
        return check_spec(spec, overrides)
    from dslnas.app.fix import fix_spec

    done = fix_spec(spec, overrides, guess=guess)
    if isinstance(done, Verdict):
        return done
    if spec == STDIN:
        click.echo(done.after.text, nl=False)
    click.echo(done.difference, nl=False, err=True)
    return done.verdict


def _print_text(verdicts: Mapping[str, Verdict], *, is_read: bool) -> None:
    """Print which specs are right, and remarks; on stderr, if a program reads a spec on stdout."""
    for name, verdict in verdicts.items():
        if not verdict.mistakes:
            missing = f"; {verdict.missing}" if verdict.missing else ""
            click.echo(f"{name}: ok{missing}", err=is_read)
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
