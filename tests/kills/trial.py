"""A trial: a command has an accident, goes on, has another, and comes to its end after all."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.kills.accidents import Accident, After, Whole
from tests.kills.cases import Case
from tests.kills.folders import differences, files_in, harm, left_over, stage_of
from tests.kills.processes import End, called, counted, forked, started

MOST = 4
"""Accidents in a trial, at most."""

BROKEN = ("Traceback", "internal error", "the checkpoint before is taken", "damaged")
"""Words of no process that goes on after an accident."""


@dataclass
class Tally:
    """The outcome of the trials of a command.

    Attributes:
        stages: Accidents by the stage in which they came.
        ways: Accidents by their kind, those of new processes as `cold`.
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
    def accidents(self) -> int:
        """All accidents."""
        return self.stages.total()


class Trials:
    """Trials of a command.

    Attributes:
        case: The command.
        tally: Their outcome.
    """

    def __init__(
        self,
        case: Case,
        folder: Path,
        drawn: random.Random,
        kinds: Sequence[type[Accident]],
        cold: float,
    ) -> None:
        """Lay what the command begins with, and run it to its end as often as is needed.

        Args:
            case: The command.
            folder: An empty folder.
            drawn: Draws accidents.
            kinds: Their kinds.
            cold: Share of the trials with new processes.
        """
        self.case, self.tally = case, Tally()
        self._drawn, self._kinds, self._cold, self._folder = drawn, kinds, cold, folder
        self._base, self._whole = folder / "base", folder / "whole"
        self._place = folder / "trial"  # runs write down where their data lie
        self._base.mkdir(parents=True)
        called(case.base, self._base)
        self._end = self._to_the_end(forked)
        self._place.rename(self._whole)
        self._forked = Whole(self._end.seconds, self._counts())
        if cold:
            self._started = Whole(self._to_the_end(started).seconds, {})
            self._check_same()

    def _to_the_end(self, run: Callable[[Sequence[str], Path], End]) -> End:
        """Run the command without an accident."""
        shutil.copytree(self._base, self._place)
        end = run(self.case.arguments, self._place)
        assert end.code == 0, end.told
        return end

    def _counts(self) -> dict[str, int]:
        """Return how many calls it makes that may fail, by their kind."""
        found = {}
        for kind in sorted({kind.calls for kind in self._kinds if kind.calls}, key=str):
            shutil.copytree(self._base, self._place)
            calls = kind(self._place)
            found[kind.__name__] = counted(self.case.arguments, self._place, calls)
            self._check_same()
        return found

    def _check_same(self) -> None:
        """Check that the command came to the same again, and remove what it wrote."""
        others = [*differences(self._place, self._whole)]
        assert not others, f"two runs of {self.case.name} differ: {others}"
        shutil.rmtree(self._place)

    def run(self, most: int) -> None:
        """Make a trial with so many accidents at most."""
        shutil.copytree(self._base, self._place)
        is_cold = self._drawn.random() < self._cold
        wanted = min(most, MOST, 1 + int(self._drawn.expovariate(0.8)))
        found = self._tried(wanted, is_cold=is_cold)
        self.tally.trials += 1
        self.tally.same += not found
        self.tally.lost += found
        if found:  # to be looked at
            self._place.rename(self._folder / f"failed-{self.tally.trials}")
        else:
            shutil.rmtree(self._place)

    def _tried(self, wanted: int, *, is_cold: bool) -> list[str]:
        """Let the command have so many accidents and come to its end; return what was wrong."""
        folder, found, before = self._place, list[str](), list[Accident]()
        while len(before) < wanted:
            there = {name: path.read_bytes() for name, path in files_in(folder).items()}
            accident, end = self._with_an_accident(bool(before), is_cold=is_cold)
            before.append(accident)
            if end.code == 0 and accident.end is not None:  # it came too late
                break
            self.tally.stages[stage_of(folder)] += 1
            self.tally.ways["Cold" if is_cold else type(accident).__name__] += 1
            found += [*harm(folder, there, self._whole), *_broken(end)]
        end = forked(self._arguments(goes_on=True), folder)
        if end.code != 0:
            found.append(f"it cannot be gone on with: {end.code}, {end.told[-2000:]}")
        found += [*differences(folder, self._whole), *left_over(folder)]
        found += [] if end.out == self._end.out or self.case.again else ["stdout differs"]
        found += _broken(end)
        return [f"{self.case.name} after {before}: {what}" for what in dict.fromkeys(found)]

    def _with_an_accident(self, goes_on: bool, *, is_cold: bool) -> tuple[Accident, End]:
        """Draw an accident, run the command, and return how it ended."""
        arguments = self._arguments(goes_on=goes_on)
        if is_cold:
            late = After.draw(self._drawn, self._started)
            return late, started(arguments, self._place, late)
        accident = self._drawn.choice(self._kinds).draw(self._drawn, self._forked)
        return accident, forked(arguments, self._place, accident)

    def _arguments(self, *, goes_on: bool) -> tuple[str, ...]:
        return (*self.case.arguments, *(self.case.again if goes_on else ()))


def _broken(end: End) -> list[str]:
    """Return what is wrong with the end of a process."""
    is_told = end.code == 1 and "error[NAS" in end.told
    said = [text for text in BROKEN if text in end.told]
    if not said and (end.code in (None, 0) or is_told):
        return []
    return [f"it ended with {end.code}:\n{end.told[-2000:].strip()}"]
