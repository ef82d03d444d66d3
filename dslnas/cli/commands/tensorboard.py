"""`dslnas tensorboard`: metrics of runs for TensorBoard."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

import click

from dslnas.app.status import runs_below, status_of
from dslnas.app.tensorboard import mirrors
from dslnas.cli.printing import say
from dslnas.cli.render.summary import many

SECONDS = 10.0
"""Time between two looks."""


@click.command()
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("tensorboard"),
    show_default=True,
    help="Folder for the events, one below it for each run.",
)
@click.option("--watch", is_flag=True, help="Go on every ten seconds, until nothing runs.")
def tensorboard(runs: tuple[Path, ...], out: Path, watch: bool) -> None:
    """Write the metrics of RUNS as events of TensorBoard, by the extra `tensorboard`.

    RUNS are folders of runs, finished or not, or folders that have some; by default all below
    exported/. Then `tensorboard --logdir tensorboard` shows them.
    """
    found = mirrors(runs_below(runs), out)
    while True:
        for mirror in found:
            say(f"{mirror.run}: {many(mirror.follow(), 'epoch')} in {mirror.folder}")
        if not watch or not any(status_of(mirror.run).is_running for mirror in found):
            break
        time.sleep(SECONDS)
    say(f"look at them with: {shlex.join(['tensorboard', '--logdir', str(out)])}")
