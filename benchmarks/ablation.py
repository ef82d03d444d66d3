"""The worth of each loop of our own on a CPU: one kernel after the other runs by torch.

Steps of a search, on noise. One search runs with every loop, one more with every loop, which tells
the noise, and one without the loops of each kernel; they take turns in one process. A kernel that
is switched off runs as where numba is not installed.

The shares are medians over the turns: how much more a step takes than the one with every loop in
the same turn. CPU seconds are those of all threads of the process: on a busy machine, with one
thread, they are the steadier measure.

    python benchmarks/ablation.py --threads 1
    python benchmarks/ablation.py --workloads recurrent --turns 3 --batch 64
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from functools import partial

from dslnas.backends.torch.kernels.kernel_args import Kernel
from dslnas.diagnostics import UserError
from measuring import Spent, machine, spent_in_turns
from methods import KERNELS, METHODS, ours
from workloads import WORKLOADS, Workload, count, names_in, parsed, sized

EVERY, AGAIN, NONE = "every loop", "every loop, again", "no loop"
HEAD = """\
| without the loops of | s | CPU s | more of a step | more CPU |
| --- | ---: | ---: | ---: | ---: |"""


def lines_of(spent: dict[str, list[Spent]]) -> list[str]:
    """Return the rows of the table."""
    lines = []
    for name, times in spent.items():
        walls, cpus = ([t.wall for t in times], [t.cpu for t in times])
        pairs = list(zip(times, spent[EVERY], strict=True))
        wall = statistics.median(own.wall / every.wall - 1 for own, every in pairs)
        cpu = statistics.median(own.cpu / every.cpu - 1 for own, every in pairs)
        lines.append(
            f"| {name} | {statistics.median(walls):#.3g} | {statistics.median(cpus):#.3g} "
            f"| {wall:+.1%} | {cpu:+.1%} |"
        )
    return lines


def table(workload: Workload, given: argparse.Namespace) -> None:
    """Print the table of a workload."""
    off: dict[str, Sequence[Kernel]] = {EVERY: (), AGAIN: ()}
    off |= {name: (name,) for name in given.kernels} | {NONE: KERNELS}
    if given.together:
        off[" and ".join(given.together)] = given.together
    works = {name: ours(workload, given.method, without=kernels) for name, kernels in off.items()}
    print(f"\n{workload}\n\n{HEAD}", flush=True)
    print(*lines_of(spent_in_turns(works, given.turns)), sep="\n", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for option, known, chosen, about in (
        ("--workloads", tuple(WORKLOADS), ("cells-16", "recurrent"), "what is searched"),
        ("--kernels", KERNELS, KERNELS, "switched off alone"),
        ("--together", KERNELS, (), "switched off together, too"),
    ):
        parser.add_argument(
            option, type=partial(names_in, known=known), default=list(chosen), metavar="A,B",
            help=f"{about}: of {', '.join(known)}; else {', '.join(chosen) or 'none'}",
        )  # fmt: skip
    parser.add_argument("--method", choices=METHODS, default="darts")
    parser.add_argument("--turns", type=count, default=7, help="timed steps of every row")
    given = parsed(parser, arguments)
    print(machine())
    try:
        for name in given.workloads:
            table(sized(WORKLOADS[name], given), given)
    except UserError as error:
        raise SystemExit(error.render()) from None


if __name__ == "__main__":
    main()
