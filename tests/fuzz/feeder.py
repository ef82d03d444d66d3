"""Judges inputs for one target, counts them, and keeps those that fail."""

from __future__ import annotations

import os
import shutil
import sys
import time
import warnings
from pathlib import Path

from tests.fuzz.corpus import keep, shortened
from tests.fuzz.judge import Outcome, judge
from tests.fuzz.tally import Tally
from tests.fuzz.target import Target

EVERY = 1.0
"""Seconds between two accounts."""

GIVEN = "input"
"""File of the input that is being read."""


class Feeder:
    """Feeds a target, and prints an account every second and at the end.

    The input that is being read lies in a file, so that it is known if the process dies of it.

    Attributes:
        target: The reader.
    """

    def __init__(self, target: Target, folder: Path, inputs: int, seconds: float) -> None:
        self.target = target
        self._given = folder / GIVEN
        self._inputs, self._end = inputs, time.monotonic() + seconds
        self._tally = Tally()
        self._told = 0.0
        self._place = folder / "place"
        self._place.mkdir(exist_ok=True)
        self._known: set[str] = set()
        os.chdir(self._place)

    @property
    def is_done(self) -> bool:
        """Whether it has had as many inputs, or as much time, as it should."""
        return self._tally.inputs >= self._inputs or time.monotonic() > self._end

    def feed(self, content: bytes) -> None:
        """Judge and count one input."""
        self._given.write_bytes(content)
        outcome = self._judge(content)
        self._tally.add(outcome)
        if outcome.failure:
            self._keep(outcome, content)
        if time.monotonic() > self._told + EVERY:
            self.tell()

    def tell(self) -> None:
        """Print the account."""
        self._told = time.monotonic()
        print(self._tally.to_line(), flush=True)

    def _judge(self, content: bytes) -> Outcome:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of packages, on files of old versions
            outcome = judge(self.target, content, self._place)
        if outcome.failure:  # it may have left anything there
            shutil.rmtree(self._place)
            self._place.mkdir()
            os.chdir(self._place)
        return outcome

    def _keep(self, outcome: Outcome, content: bytes) -> None:
        kind = outcome.failure
        if kind in self._known:
            return
        self._known.add(kind)
        if outcome.seconds < 1:
            content = shortened(content, lambda one: self._judge(one).failure == kind)
        path = keep(self.target.name, kind, content)
        told = f"{self.target.name}: {kind}: {path}\n{outcome.details}"
        print(told, file=sys.stderr, flush=True)
