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

from tests.kills.cases import CASES, Case
from tests.kills.processes import import_all
from tests.kills.trial import Tally, Trials

STAGES = ("before", "search", "training", "export", "after")
WAYS = ("time", "call", "cold")
HEAD = ("command", "kills", *STAGES, *WAYS, "trials", "same", "lost")


def main() -> int:
    """Kill commands, print a table, and return 1 if anything was lost."""
    kinds = tuple(dict.fromkeys(case.kind for case in CASES))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many, in all")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--kind", default=",".join(kinds), help=f"of {', '.join(kinds)}")
    parser.add_argument("--only", default="", help="part of the name of a command")
    parser.add_argument("--cold", type=float, default=0.2, help="share of new processes")
    parser.add_argument("--folder", type=Path, help="where to work; what failed stays there")
    given = parser.parse_args()
    wanted = given.kind.split(",")
    if unknown := {*wanted} - {*kinds}:
        parser.error(f"--kind takes {', '.join(kinds)}, not {', '.join(unknown)}")
    cases = [case for case in CASES if case.kind in wanted and given.only in case.name]
    folder = Path(given.folder or tempfile.mkdtemp(prefix="kills-")).resolve()
    import_all(folder / "loops")
    gc.collect()
    gc.freeze()
    tallies = killed(cases, given.kills, random.Random(given.seed), folder, given.cold)
    print(table(tallies))
    lost = [what for tally in tallies.values() for what in tally.lost]
    print(*lost, sep="\n")
    return 1 if lost else 0


def killed(
    cases: Sequence[Case], kills: int, drawn: random.Random, folder: Path, cold: float
) -> dict[str, Tally]:
    """Kill commands so often, and return what came of it by their names."""
    tallies = {}
    for number, case in enumerate(cases):
        share = kills * (number + 1) // len(cases) - kills * number // len(cases)
        trials = Trials(case, folder / str(number), drawn, cold)
        while trials.tally.kills < share:
            trials.run(share - trials.tally.kills)
            print(case.name, trials.tally.kills, share, len(trials.tally.lost), file=sys.stderr)
        tallies[case.name] = trials.tally
    return tallies


def table(tallies: dict[str, Tally]) -> str:
    """Return a table of what came of the trials, in Markdown."""
    rows = [(name, *_numbers(tally)) for name, tally in tallies.items()]
    sums = (sum(column) for column in zip(*(numbers for _, *numbers in rows), strict=True))
    lines = [HEAD, ("---", *("---:",) * (len(HEAD) - 1)), *rows, ("all", *sums)]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _numbers(tally: Tally) -> tuple[int, ...]:
    stages, ways = (tally.stages[s] for s in STAGES), (tally.ways[w] for w in WAYS)
    return (tally.kills, *stages, *ways, tally.trials, tally.same, tally.trials - tally.same)


if __name__ == "__main__":
    sys.exit(main())
