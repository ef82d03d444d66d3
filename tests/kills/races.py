"""Two processes of one command begin at once in one folder: one goes on, and nothing is harmed.

python -m tests.kills.races --races 20
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.kills.cases import CASES, Case
from tests.kills.folders import differences, left_over
from tests.kills.processes import End, called, forked, forked_beside, import_all

LATER = 1.5
"""Seconds by which the second process begins after the first one, at most."""


@dataclass
class Races:
    """The outcome of the races of a command: ends of both processes, and all that was wrong."""

    ends: Counter[tuple[int | None, ...]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def race(case: Case, count: int, folder: Path, drawn: random.Random) -> Races:
    """Let two processes of a command begin at once, so often."""
    base, whole, place = folder / "base", folder / "whole", folder / "trial"
    base.mkdir(parents=True)
    called(case.base, base)
    shutil.copytree(base, place)
    assert forked(case.arguments, place).code == 0
    place.rename(whole)
    races = Races()
    for number in range(count):
        shutil.copytree(base, place)
        goes_on = number % 2 == 1  # a job that is started again, too
        ends = _both((*case.arguments, *(case.again if goes_on else ())), place, drawn)
        races.ends[tuple(sorted(end.code or 0 for end in ends))] += 1
        found = [_wrong(end) for end in ends if _wrong(end)]
        last = forked((*case.arguments, *case.again), place)  # makes a table whole that two share
        found += [f"it cannot be gone on with: {last.told}"] if last.code else []
        found += [*differences(place, whole), *left_over(place)]
        races.wrong += [f"{case.name}, race {number}: {what}" for what in found]
        print(f"{case.name}, race {number}: {[end.code for end in ends]}", *found, file=sys.stderr)
        if found:
            place.rename(folder / f"failed-{number}")
        else:
            shutil.rmtree(place)
    return races


def _both(arguments: Sequence[str], place: Path, drawn: random.Random) -> list[End]:
    first = forked_beside(arguments, place)
    if drawn.random() < 0.5:
        time.sleep(drawn.uniform(0, LATER))
    second = forked_beside(arguments, place)
    return [first(), second()]


def _wrong(end: End) -> str:
    """Return what is wrong with the end of a process: it does its work, or says why it does not."""
    is_told = end.code == 1 and "error[NAS" in end.told
    is_fine = (end.code == 0 or is_told) and "Traceback" not in end.told
    return "" if is_fine else f"it ended with {end.code}:\n{end.told[-2000:]}"


def main() -> int:
    """Race, print a table, and return 1 if anything was harmed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--races", type=int, default=20, help="how many, in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where to work; what failed stays there")
    given = parser.parse_args()
    folder = Path(given.folder or tempfile.mkdtemp(prefix="races-")).resolve()
    import_all(folder / "loops")
    drawn = random.Random(given.seed)
    cases = [case for case in CASES if case.races]
    found = {}
    for number, case in enumerate(cases):
        count = given.races * (number + 1) // len(cases) - given.races * number // len(cases)
        found[case.name] = race(case, count, folder / str(number), drawn)
    print("| command | races | both did their work | one ended with a message | both | harmed |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, races in found.items():
        ends = (races.ends[codes] for codes in ((0, 0), (0, 1), (1, 1)))
        numbers = (races.ends.total(), *ends, len(races.wrong))
        print(f"| {name} | {' | '.join(map(str, numbers))} |")
    return int(any(races.wrong for races in found.values()))


if __name__ == "__main__":
    sys.exit(main())
