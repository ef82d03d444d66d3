"""`dslnas status`: how far runs are, asked from another shell."""

from __future__ import annotations

import time
from pathlib import Path

import click

from dslnas.app.open_run import EXPORTED
from dslnas.app.status import RunStatus, runs_below, status_of
from dslnas.cli.options import json_option, print_json
from dslnas.cli.render.status import statuses_text

SECONDS = 2.0
"""Time between two looks."""


@click.command()
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path))
@click.option("--watch", is_flag=True, help="Look again every two seconds, until nothing runs.")
@json_option
def status(runs: tuple[Path, ...], watch: bool, as_json: bool) -> None:
    """Tell how far RUNS are, how well they do, and how long they still take.

    RUNS are folders of runs, or folders that have some; by default all below exported/.
    """
    while True:
        found = _found(runs or (EXPORTED,))
        goes_on = watch and any(one.is_running for one in found)
        if watch:
            click.clear()  # does nothing where there is no terminal
        if as_json:
            print_json([one.model_dump() for one in found])
        else:
            click.echo(statuses_text(found))
        if not goes_on:
            return
        time.sleep(SECONDS)


def _found(paths: tuple[Path, ...]) -> list[RunStatus]:
    return [status_of(run) for path in paths for run in runs_below(path)]
