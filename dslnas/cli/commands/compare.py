"""`dslnas compare`: runs side by side."""

from __future__ import annotations

from pathlib import Path

import click

from dslnas.app.report import compare as compare_folders
from dslnas.app.status import runs_below
from dslnas.cli.printing import say, say_notice
from dslnas.cli.render.side_by_side import side_by_side


@click.command()
@click.argument("runs", metavar="RUNS...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page, too, with the curves of all runs.",
)
def compare(runs: tuple[Path, ...], out: Path | None) -> None:
    """Compare RUNS: what differs in their specs, cells and results; -o writes a page.

    RUNS are folders of runs, or folders that have some, such as that of a sweep.
    """
    found = runs_below(runs)
    if len(found) < 2:
        raise click.UsageError("give two runs at least")
    say(side_by_side(compare_folders(found, out, report=say_notice)))
    if out is not None:
        say(out)
