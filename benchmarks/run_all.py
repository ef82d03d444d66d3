"""All that is aimed at, in one table: what was reached, what is wanted, and what bounds it.

Runs the other programs one after the other, each in a process of its own, at the sizes that are
aimed at. Run it on a machine that does nothing else. Steps run on one thread, whose seconds of the
processor are steadier than those of a clock.

    python benchmarks/run_all.py                           # half an hour on two cores
    python benchmarks/run_all.py --only export,start --turns 7
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial

import exporting
import starting
import supernets
import training
from contest import Reached, print_reached
from measuring import in_own_process, machine
from workloads import count, names_in

Program = Callable[[Sequence[str]], list[Reached]]

LOWERINGS = ("--methods=darts", "--ways=plain,loopless,ours", "--no-memory")
PROGRAMS: dict[str, tuple[Program, tuple[str, ...]]] = {
    "search": (supernets.main, ("--workloads=cells-16", "--threads=1")),
    "loops": (supernets.main, ("--workloads=cells-16", "--threads=1", *LOWERINGS)),
    "recurrent": (supernets.main, ("--workloads=recurrent", "--threads=1")),
    "training": (training.main, ("--threads=1",)),
    "export": (exporting.main, ()),
    "start": (starting.main, ()),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables of all programs, then the one of what was reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only", type=partial(names_in, known=tuple(PROGRAMS)), default=list(PROGRAMS),
        metavar="A,B", help=f"of {', '.join(PROGRAMS)}; else all",
    )  # fmt: skip
    parser.add_argument("--turns", type=count, default=5, help="timed steps of every way")
    given = parser.parse_args(arguments)
    found: list[Reached] = []
    for name in given.only:
        program, options = PROGRAMS[name]
        print(f"\n## {name}: {' '.join(options)}\n", flush=True)
        found += in_own_process(program, (*options, f"--turns={given.turns}"))
    print(f"\n## All, on {machine()}")
    print_reached(found)


if __name__ == "__main__":
    main()
