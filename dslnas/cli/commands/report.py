"""`dslnas report`: a run as a page to look at."""

from __future__ import annotations

from pathlib import Path

import click

from dslnas.app.report import write_report
from dslnas.cli.printing import say, say_notice


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write, of one run; by default report.html in its folder.",
)
def report(runs: tuple[Path, ...], out: Path | None) -> None:
    """Write a page on each RUN: its cells, how the search went, what was trained and exported.

    A RUN is a folder, at whatever stage the run is. The page needs nothing else: it can be mailed
    and printed.
    """
    if out is not None and len(runs) > 1:
        raise click.UsageError("--out names one file: give one RUN, or leave it out")
    for run in runs:
        say(write_report(run, out, report=say_notice))
