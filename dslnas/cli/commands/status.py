"""`dslnas status`: how far runs are, asked from another shell."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click

from dslnas.app.status import RunStatus, runs_below, status_of
from dslnas.cli.options import json_option, print_json
from dslnas.cli.printing import say
from dslnas.cli.render.status import statuses_text
from dslnas.diagnostics import Diagnostics

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
        found, faults = _found(runs_below(runs))
        goes_on = watch and any(one.is_running for one in found)
        if watch:
            click.clear()  # does nothing where there is no terminal
        if found and as_json:
            print_json([one.model_dump() for one in found])
        elif found:
            say(statuses_text(found))
        if not goes_on:
            faults.raise_if_any()
            return
        time.sleep(SECONDS)


def _found(runs: Sequence[Path]) -> tuple[list[RunStatus], Diagnostics]:
    """Return how far runs are, and what is wrong with others, which hide none."""
    found, faults = list[RunStatus](), Diagnostics()
    for run in runs:
        with faults.collecting():
            found.append(status_of(run))
    return found, faults
