"""Progress on stderr: a bar per epoch on a terminal, a line per epoch everywhere."""

from __future__ import annotations

import gc
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
from tqdm import tqdm

from dslnas.app.overview import Overview
from dslnas.app.run import Notice
from dslnas.cli.printing import say
from dslnas.cli.render.durations import duration
from dslnas.cli.render.search_check import check_text
from dslnas.cli.render.status import operations_text, statuses_text
from dslnas.cli.render.summary import many
from dslnas.runs.pulse import Pace
from dslnas.tasks.catalogue import METRICS
from dslnas.training.records import LEARN, EpochRecord, Line, SearchCheck, StepRecord

TITLES = {
    "search": "Searching",
    "compare": "Comparing candidates by the shared weights",
    "retrain": "Training the architecture, from scratch",
}

FIRST, SECONDS = 10.0, 60.0
"""Time to the first line of a log within a stage, which is an estimate, and between two later."""


class Progress:
    """Takes the records of a run and shows them."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._stage = ""
        self._bar: tqdm[Any] | None = None
        self._bar_stage = ""
        self._standing = 0  # lines of an overview
        self._told = time.monotonic()
        self._pace = Pace()

    def __call__(self, record: Line | StepRecord | Notice) -> None:
        """Show one record."""
        if self._quiet:
            return
        if isinstance(record, Overview):
            self._overview(record)
            return
        if isinstance(record, Notice):
            self.close()
            self._stage = ""
            say(record.text, err=True)
            return
        if isinstance(record, SearchCheck):
            self.close()
            say(f"  {check_text(record)}", err=True)
            return
        if record.stage not in (self._stage, LEARN):
            self.close()
            self._stage, self._told = record.stage, time.monotonic() - SECONDS + FIRST
            what = many(record.epochs, "epoch")
            if record.stage == "compare" and isinstance(record, StepRecord):
                what = f"{record.steps:,} measurements"
            say(f"{TITLES[record.stage]} ({what})", err=True)
        self._pace.hear(record)
        if isinstance(record, StepRecord):
            self._step(record)
        else:
            self.close()
            self._told = time.monotonic()
            say(f"{_line(record)}{self._left}", err=True)
            if record.operations and sys.stderr.isatty():
                say(f"    now: {operations_text(record.operations)}", err=True)
            for warning in record.warnings:
                say(f"  warning: {warning}", err=True)

    def _overview(self, overview: Overview) -> None:
        """Show how far many runs are: in a terminal always anew, in a log once a minute."""
        lines = [overview.text]
        if overview.runs:
            lines += statuses_text(overview.runs).splitlines()
        if sys.stderr.isatty():
            self.close()
            width, height = shutil.get_terminal_size()
            shown = [line[: width - 1] for line in lines[: height - 1]]  # what scrolls off stays
            say("\n".join(shown), err=True)
            self._standing = len(shown)
        elif time.monotonic() - self._told >= SECONDS:
            self._told = time.monotonic()
            say("\n".join(lines), err=True)

    def _step(self, record: StepRecord) -> None:
        if not sys.stderr.isatty():
            self._line(record)
            return
        if self._bar is None or record.stage != self._bar_stage:
            self.close()
            title = f"  epoch {record.epoch}/{record.epochs}"
            title += ", learning" if record.stage == LEARN else ""
            self._bar, self._bar_stage = (
                tqdm(total=record.steps, desc=title, leave=False, file=sys.stderr),
                record.stage,
            )
        # it may be more than was expected, so the last step is known by what comes after it
        self._bar.total = record.steps
        self._bar.set_postfix_str(self._left.strip(), refresh=False)
        self._bar.update()

    def _line(self, record: StepRecord) -> None:
        """Say once a minute how far an epoch is, so that a log tells that something goes on."""
        now = time.monotonic()
        if now - self._told < SECONDS:
            return
        self._told = now
        done = f"{record.step:,} of {record.steps:,}"
        what = "learning from architectures: " if record.stage == LEARN else "step "
        epoch = f"  epoch {record.epoch:>3}/{record.epochs}"
        say(f"{epoch}   {what}{done}{self._left}", err=True)

    @property
    def _left(self) -> str:
        """How long the stage still takes; "" at its end, and while that is not known."""
        left = self._pace.seconds_left
        return f"   {duration(left)} left" if left else ""

    def close(self) -> None:
        """Remove the bar, and the overview that stands there."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        if self._standing:
            click.echo(f"\x1b[{self._standing}A\x1b[J", nl=False, err=True)
            self._standing = 0


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """Show the progress of a training, during which garbage is collected again."""
    gc.enable()
    shown = Progress(quiet=quiet)
    try:
        yield shown
    finally:
        shown.close()


def _line(record: EpochRecord) -> str:
    parts = [f"  epoch {record.epoch:>3}/{record.epochs}", f"loss {record.train_loss:.3f}"]
    if record.architecture_loss is not None:
        parts.append(f"architecture loss {record.architecture_loss:.3f}")
    averaged = " (averaged)" if record.averaged else ""
    parts.append(_leading("validation", record.validation_metrics) + averaged)
    if record.derived_metrics:
        parts.append(_leading("derived", record.derived_metrics))
    shares = (record.skip_share or {}).items()
    skips = ", ".join(f"{cell} {share:.0%}" for cell, share in shares if share > 0)
    if skips:
        parts.append(f"skips: {skips}")
    if record.stopped_operations is not None:
        parts.append(f"stopped: {many(record.stopped_operations, 'operation')}")
    parts.append(f"{record.seconds:.0f} s")
    return "   ".join(parts)


def _leading(of: str, metrics: Mapping[str, float]) -> str:
    """Return the first of some metrics, the one that networks are compared by."""
    name, value = next(iter(metrics.items()))
    return METRICS[name].after_epoch(of, value)
