"""Kill commands by SIGKILL at random moments, go on with them, and see that nothing is lost.

python -m tests.kills --kills 200 --seed 0 --kind search,train,export,repeats
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.kills.accidents import FAULTS, KILLS, Accident
from tests.kills.cases import CASES, Case
from tests.kills.processes import import_all
from tests.kills.trial import Tally, Trials

STAGES = ("before", "search", "training", "export", "after")


def main() -> int:
    """Let commands have accidents, print tables, and return 1 if anything was lost."""
    kinds = tuple(dict.fromkeys(case.kind for case in CASES))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=0, help="how many, in all")
    parser.add_argument("--faults", type=int, default=0, help="how many calls fail, in all")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--kind", default=",".join(kinds), help=f"of {', '.join(kinds)}")
    parser.add_argument("--only", default="", help="part of the name of a command")
    parser.add_argument("--accident", default="", help="part of the name of an accident")
    parser.add_argument("--cold", type=float, default=0.2, help="share of new processes killed")
    parser.add_argument("--folder", type=Path, help="where to work; what failed stays there")
    given = parser.parse_args()
    wanted = given.kind.split(",")
    if unknown := {*wanted} - {*kinds}:
        parser.error(f"--kind takes {', '.join(kinds)}, not {', '.join(unknown)}")
    cases = [case for case in CASES if case.kind in wanted and given.only in case.name]
    if not cases:
        parser.error(f"no command of {given.kind} has {given.only!r} in its name")
    if given.kills + given.faults <= 0:
        parser.error("give --kills or --faults")
    folder = Path(given.folder or tempfile.mkdtemp(prefix="kills-")).resolve()
    import_all(folder / "loops")
    gc.collect()
    gc.freeze()
    is_lost = False
    for count, all_of_them, cold in ((given.kills, KILLS, given.cold), (given.faults, FAULTS, 0)):
        accidents = [kind for kind in all_of_them if given.accident in kind.__name__]
        if not count:
            continue
        if not accidents:
            parser.error(f"no accident has {given.accident!r} in its name")
        place, drawn = folder / all_of_them[-1].__name__, random.Random(given.seed)
        tallies = tried(cases, count, drawn, place, accidents, cold)
        print(table(tallies, [*dict.fromkeys(kind.__name__ for kind in accidents), "Cold"]))
        is_lost |= any(tally.lost for tally in tallies.values())
    return int(is_lost)


def tried(
    cases: Sequence[Case],
    count: int,
    drawn: random.Random,
    folder: Path,
    accidents: Sequence[type[Accident]],
    cold: float,
) -> dict[str, Tally]:
    """Let commands have so many accidents, and return what came of it by their names."""
    tallies = {}
    for number, case in enumerate(cases):
        share = count * (number + 1) // len(cases) - count * number // len(cases)
        if not share:
            continue
        trials, told = Trials(case, folder / str(number), drawn, accidents, cold), 0
        while trials.tally.accidents < share:
            trials.run(share - trials.tally.accidents)
            print(f"{case.name}: {trials.tally.accidents} of {share}", file=sys.stderr)
            for what in trials.tally.lost[told:]:
                print(what, file=sys.stderr)
            told = len(trials.tally.lost)
        tallies[case.name] = trials.tally
    return tallies


def table(tallies: dict[str, Tally], ways: Sequence[str]) -> str:
    """Return a table of what came of the trials, in Markdown."""
    head = ("command", "accidents", *STAGES, *ways, "trials", "same", "lost")
    rows = [(name, *_numbers(tally, ways)) for name, tally in tallies.items()]
    sums = (sum(column) for column in zip(*(numbers for _, *numbers in rows), strict=True))
    lines = [head, ("---", *("---:",) * (len(head) - 1)), *rows, ("all", *sums)]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _numbers(tally: Tally, ways: Sequence[str]) -> tuple[int, ...]:
    by = (*(tally.stages[stage] for stage in STAGES), *(tally.ways[way] for way in ways))
    return (tally.accidents, *by, tally.trials, tally.same, tally.trials - tally.same)


if __name__ == "__main__":
    sys.exit(main())
