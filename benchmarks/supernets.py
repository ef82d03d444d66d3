"""The cost of a search step, in time and memory: the plain lowering against the compiled one.

Five methods on the supernet of the CIFAR-10 papers, on that of the digits and on the recurrent one,
on noise. All ways of a method take turns in one process; times are medians of the turns. Passes are
those of a step through the supernet, forward + backward. The memory is the peak of a process of its
own, above what it had before its first step.

    python benchmarks/supernets.py                                 # all; takes hours
    python benchmarks/supernets.py --workloads cells-16 --methods darts --turns 3
    python benchmarks/supernets.py --workloads digits --no-memory
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from dslnas.diagnostics import UserError
from measuring import in_own_process, machine, medians_in_turns
from methods import MAIN, METHODS, WAYS, Method, Search, Way, passes, peak_mib
from workloads import WORKLOADS, Workload, count, names_in, parsed, sized

HEAD = """\
| method | lowering | passes | s per step | times less | of the first | peak, MiB | of it |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"""


def rows(
    workload: Workload, method: Method, ways: Sequence[Way], turns: int, first: float, memory: bool
) -> tuple[list[str], float]:
    """Return the rows of a method, and the seconds that shares of the first row refer to.

    Args:
        workload: Where it searches.
        method: The method that is measured.
        ways: In which it is.
        turns: Timed steps of every way.
        first: Seconds of the table's first row; 0 if this is it.
        memory: Whether to measure the peak.
    """
    searches = {way.name: Search(workload, method, way) for way in ways}
    seconds = medians_in_turns({name: each.step for name, each in searches.items()}, turns)
    counts = {name: passes(each) for name, each in searches.items()}
    del searches
    peaks = [in_own_process(peak_mib, workload, method, way) if memory else 0.0 for way in ways]
    slowest = seconds[ways[0].name]
    first = first or slowest
    lines = []
    for way, peak in zip(ways, peaks, strict=True):
        took = seconds[way.name]
        of_memory = f"{peak:.0f} | {peak / peaks[0]:.0%}" if peak and peaks[0] else " | "
        lines.append(
            f"| {method.title} | {way.title} | {counts[way.name]} | {took:#.3g} "
            f"| {slowest / took:.1f} | {took / first:.1%} | {of_memory} |"
        )
    return lines, first


def table(workload: Workload, methods: Sequence[Method], given: argparse.Namespace) -> None:
    """Print the table of a workload, each method's rows when they are there."""
    print(f"\n{workload}\n\n{HEAD}", flush=True)
    first = 0.0
    for method in methods:
        print(f"{workload.name}: {method.title}", file=sys.stderr)
        ways = [way for way in method.ways if way.name in given.ways]
        lines, first = rows(workload, method, ways, given.turns, first, given.memory)
        print(*lines, sep="\n", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for option, known, chosen, about in (
        ("--workloads", tuple(WORKLOADS), tuple(WORKLOADS), "what is searched"),
        ("--methods", tuple(METHODS), MAIN, "by what"),
        ("--ways", WAYS, WAYS, "as usually written, plain, compiled"),
    ):
        parser.add_argument(
            option, type=partial(names_in, known=known), default=list(chosen), metavar="A,B",
            help=f"{about}: of {', '.join(known)}; else {', '.join(chosen)}",
        )  # fmt: skip
    parser.add_argument("--turns", type=count, default=5, help="timed steps of every way")
    parser.add_argument("--no-memory", dest="memory", action="store_false", help="times alone")
    given = parsed(parser, arguments)
    print(machine())
    try:
        for name in given.workloads:
            workload = sized(WORKLOADS[name], given)
            fitting = [n for n in given.methods if workload.only in ("", n)]
            table(workload, [METHODS[n] for n in fitting], given)
    except UserError as error:
        raise SystemExit(error.render()) from None


if __name__ == "__main__":
    main()
