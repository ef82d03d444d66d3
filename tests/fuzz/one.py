"""Feeds inputs to one target, in a process of its own, and prints an account every second.

The input that is being read lies in a file, so that it is known if the process dies of it.
"""

from __future__ import annotations

import argparse
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


class Feeder:
    """Judges inputs one by one, counts them, and keeps those that fail.

    Attributes:
        target: The reader.
        given: File of the input that is being read.
    """

    def __init__(self, target: Target, folder: Path) -> None:
        self.target = target
        self.given = folder / "input"
        self._tally = Tally()
        self._told = 0.0
        self._place = folder / "place"
        self._place.mkdir(exist_ok=True)
        self._known: set[str] = set()
        os.chdir(self._place)

    def feed(self, content: bytes) -> Outcome:
        """Judge and count one input."""
        self.given.write_bytes(content)
        outcome = self._judge(content)
        self._tally.add(outcome)
        if outcome.failure:
            self._keep(outcome, content)
        if time.monotonic() > self._told + EVERY:
            self.tell()
        return outcome

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
        print(f"{self.target.name}: {kind}: {path}\n{outcome.details}", file=sys.stderr, flush=True)


def main() -> None:
    """Feed one target by the arguments of the command line."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("target")
    given.add_argument("--folder", type=Path, required=True)
    given.add_argument("--seed", type=int, default=0)
    given.add_argument("--inputs", type=int, default=sys.maxsize)
    given.add_argument("--seconds", type=float, default=float("inf"))
    wanted = given.parse_args()

    from tests.fuzz.inputs import inputs
    from tests.fuzz.registry import TARGETS

    feeder = Feeder(TARGETS[wanted.target], wanted.folder)
    feeder.tell()
    end = time.monotonic() + wanted.seconds
    for number, content in enumerate(inputs(feeder.target, wanted.seed)):
        if number >= wanted.inputs or time.monotonic() > end:
            break
        feeder.feed(content)
    feeder.tell()


if __name__ == "__main__":
    main()
