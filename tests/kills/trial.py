"""A trial: a command is killed, gone on with, killed again, and comes to the end after all."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.kills.cases import Case
from tests.kills.folders import differences, files_in, harm, left_over, stage_of
from tests.kills.moments import NEVER, Moment
from tests.kills.processes import End, called, forked, started

FIRST = 0.5
"""The first seconds of a process, which get more kills than their share."""

MOST = 4
"""Kills in a trial, at most."""

BROKEN = ("Traceback", "internal error", "the checkpoint before is taken", "damaged")
"""Words of no process that goes on after a kill."""


@dataclass
class Tally:
    """The outcome of the trials of a command.

    Attributes:
        stages: Kills by the stage in which they came.
        ways: Kills by their way: of a fork after a `time`, of a `cold` process, at a `call`.
        trials: Trials.
        same: Those that came to what a command came to that nobody killed, and left nothing else.
        lost: Sentences on all that was lost, damaged, or told wrongly.
    """

    stages: Counter[str] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
    trials: int = 0
    same: int = 0
    lost: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """All kills."""
        return self.stages.total()


class Trials:
    """Trials of a command.

    Attributes:
        case: The command.
        tally: Their outcome.
    """

    def __init__(self, case: Case, folder: Path, drawn: random.Random, cold: float) -> None:
        """Lay what the command begins with, and run it to its end as a fork and as a new process.

        Args:
            case: The command.
            folder: An empty folder.
            drawn: Draws moments.
            cold: Share of the trials with new processes.
        """
        self.case, self.tally = case, Tally()
        self._drawn, self._cold, self._folder = drawn, cold, folder
        self._base, self._whole = folder / "base", folder / "whole"
        self._logs = folder / "logs"
        for path in (self._base, self._logs):
            path.mkdir(parents=True)
        called(case.base, self._base, self._logs)
        self._forked = self._to_the_end(self._whole, is_cold=False)
        if cold:
            again = folder / "again"
            self._started = self._to_the_end(again, is_cold=True)
            others = [*differences(again, self._whole)]
            assert not others, f"two runs of {case.name} differ: {others}"
            shutil.rmtree(again)

    def _to_the_end(self, folder: Path, *, is_cold: bool) -> End:
        """Run the command in a new folder, which nobody kills."""
        shutil.copytree(self._base, folder)
        end = (started if is_cold else forked)(self.case.arguments, folder, self._logs, NEVER)
        assert end.code == 0, end.told
        return end

    def run(self, most: int) -> None:
        """Make a trial with so many kills at most."""
        folder = self._folder / "trial"
        shutil.copytree(self._base, folder)
        is_cold = self._drawn.random() < self._cold
        wanted = min(most, MOST, 1 + int(self._drawn.expovariate(0.8)))
        found = self._killed(folder, wanted, is_cold=is_cold)
        self.tally.trials += 1
        self.tally.same += not found
        self.tally.lost += found
        if found:  # to be looked at
            folder.rename(self._folder / f"failed-{self.tally.trials}")
        else:
            shutil.rmtree(folder)

    def _killed(self, folder: Path, wanted: int, *, is_cold: bool) -> list[str]:
        """Kill the command so often, let it come to its end, and return what was wrong."""
        run, found, kills = started if is_cold else forked, list[str](), list[Moment]()
        end = None
        while len(kills) < wanted:
            moment, way = self._moment(is_cold=is_cold)
            before = {name: path.read_bytes() for name, path in files_in(folder).items()}
            end = run(self._arguments(kills), folder, self._logs, moment)
            if not end.is_killed:
                break
            kills.append(moment)
            self.tally.stages[stage_of(folder)] += 1
            self.tally.ways[way] += 1
            found += harm(folder, before, self._whole)
            found += _broken(end)
        if end is None or end.is_killed:
            end = run(self._arguments(kills), folder, self._logs, NEVER)
        if end.code == 0:
            found += [*differences(folder, self._whole), *left_over(folder)]
            found += [] if end.out == self._forked.out or self.case.again else ["stdout differs"]
        else:
            found.append(f"ended with {end.code}: {end.told.strip()}")
        found += _broken(end)
        return [f"{self.case.name} after {kills}: {what}" for what in dict.fromkeys(found)]

    def _arguments(self, kills: Sequence[Moment]) -> tuple[str, ...]:
        return (*self.case.arguments, *(self.case.again if kills else ()))

    def _moment(self, *, is_cold: bool) -> tuple[Moment, str]:
        """Draw a moment at which a process dies, and return it with its kind."""
        seconds = (self._started if is_cold else self._forked).seconds
        if self._drawn.random() < 0.15:
            seconds = min(FIRST, seconds)
        elif not is_cold and self._drawn.random() < 0.5:
            call = self._drawn.randrange(max(1, self._forked.calls))
            return Moment(call=call, written=self._drawn.random()), "call"
        return Moment(seconds=self._drawn.uniform(0, seconds)), "cold" if is_cold else "time"


def _broken(end: End) -> list[str]:
    """Return what a process should not have said."""
    return [f"it said `{text}`: {end.told.strip()}" for text in BROKEN if text in end.told]
