"""Steps on several ranks: predicted from one process and the wire, and measured on two.

A step of one process takes a + b n seconds for n examples, a the calls of Python and the work of
the weights. R ranks with n = B / R examples of a batch of B each are predicted to take

    t(R) = s(R) (a + b B / R) + sum over the messages of a step of t_message(V, R),

with the messages that are seen in the run and `t_message` of `wire`, whose speed is measured in it.
Processes on one machine share its memory: s(R) is how many times longer a process takes while R - 1
others do the same without a word to it, 1 for one process. a and b are from an eighth and a half of
the batch, by a process that runs as one of two, its messages left out. All take turns; times are
medians, by the clock.

    python benchmarks/ranks.py                        # three minutes on two quiet cores
    python benchmarks/ranks.py --cpu --steps gdas     # where others run, too
    python benchmarks/ranks.py --paper                # up to 512 GPUs, on paper
    python benchmarks/ranks.py --write                # into docs/scale.md; with --paper the others
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import torch
import torch.distributed as dist
from torch.multiprocessing.spawn import spawn

import on_paper
import training
from contest import Step
from dslnas.backends.torch.runtime import Runtime
from dslnas.ranks import Ranks
from measuring import machine
from methods import METHODS, Search
from wire import Clock, Message, Wire, measured_wire, observed, seconds_of
from workloads import CPU, WORKLOADS, count, names_in

PAGE = Path(__file__).resolve().parent.parent / "docs" / "scale.md"
RANKS = 2
FEW, MANY = 8, 2
"""Parts of a batch from which a and b are found."""

_MARK = re.compile(r"(<!-- (?:counted|measured): (?P<name>\w+) -->\n).*?(<!-- end -->)", re.S)

Observed: TypeAlias = Callable[[], AbstractContextManager[list[Message]]]
"""Sees messages, and sends them or not."""

MakeStep: TypeAlias = Callable[[int, Ranks], Step]
"""From a batch of all ranks, and the ranks, to the step of this one."""


@dataclass(frozen=True)
class Case:
    """A step that is predicted and measured.

    Attributes:
        title: What it is.
        batch: Examples of all ranks together.
        make: Makes it; another process can get it.
        synchronised: Whether batch norm takes its statistics over all ranks.
    """

    title: str
    batch: int
    make: MakeStep
    synchronised: bool = False


def search_step(workload: str, method: str, batch: int, ranks: Ranks) -> Step:
    """Return the step of a search on a batch of all ranks."""
    of_size, runtime = replace(WORKLOADS[workload], batch=batch), Runtime(CPU, ranks=ranks)
    plain = ranks.synchronised  # as runs do
    return Search(of_size, METHODS[method], plain=plain, runtime=runtime).step


def training_step(cells: int, channels: int, batch: int, ranks: Ranks) -> Step:
    """Return the step of DARTS' network for CIFAR-10 on a batch of all ranks."""
    return training.ours(cells, channels, batch, Runtime(CPU, ranks=ranks))


CASES = {
    "darts": Case(
        "DARTS, first order, 8 cells × 16", 16, partial(search_step, "cells-16", "darts")
    ),
    "gdas": Case("GDAS, 8 cells × 16", 32, partial(search_step, "cells-16", "gdas")),
    "training": Case("training, 20 cells × 36", 16, partial(training_step, 20, 36)),
    "norms": Case(
        "DARTS, first order, digits, norms over all ranks",
        64,
        partial(search_step, "digits", "darts"),
        synchronised=True,
    ),
}


@dataclass(frozen=True)
class Line:
    """Seconds of a step of one process, a + b n for n examples.

    Attributes:
        fixed: a.
        each: b.
    """

    fixed: float
    each: float

    @classmethod
    def through(cls, few: tuple[float, float], many: tuple[float, float]) -> Line:
        """Return the line through two points, each a number of examples and seconds."""
        each = (many[1] - few[1]) / (many[0] - few[0])
        return cls(few[1] - each * few[0], each)

    def at(self, examples: float) -> float:
        """Return the seconds of so many examples."""
        return self.fixed + self.each * examples


@dataclass(frozen=True)
class Found:
    """Measurements of a case: seconds of a step.

    Attributes:
        batch: Examples of all ranks.
        few: A rank with an eighth of the batch, its messages left out.
        many: The same with a half.
        busy: The same while another does the same.
        whole: One process alone with all of it.
        together: Two ranks with a half each.
        messages: Seen in a step of one of them.
    """

    batch: int
    few: float
    many: float
    busy: float
    whole: float
    together: float
    messages: tuple[Message, ...]

    @property
    def line(self) -> Line:
        """The time of one process over its examples."""
        few, many = self.batch // FEW, self.batch // MANY
        return Line.through((few, self.few), (many, self.many))

    @property
    def slower(self) -> float:
        """How many times longer a process takes beside another, s(2)."""
        return self.busy / self.many

    def computing(self, ranks: int) -> float:
        """Return the predicted seconds of a step without its messages; of one or two ranks."""
        beside = 1.0 if ranks == 1 else self.slower
        return beside * self.line.at(self.batch / ranks)

    def telling(self, ranks: int, wire: Wire) -> float:
        """Return the predicted seconds of its messages."""
        return seconds_of(self.messages, wire, ranks)


HEAD = """\
| step | ranks | batch | messages | MB | computing, s | messages, s | predicted, s | measured, s | \
ratio |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


def rows(case: Case, found: Found, wire: Wire) -> Iterator[str]:
    """Yield the rows of a case, see `HEAD`: one process, and two ranks.

    Where norms are over all ranks, one process runs other functions: it has no row.
    """
    whole = [] if case.synchronised else [(1, found.whole)]
    for ranks, measured in (*whole, (RANKS, found.together)):
        computing, telling = found.computing(ranks), found.telling(ranks, wire)
        told = found.messages if ranks > 1 else ()
        megabytes = sum(message.bytes for message in told) / 1e6
        yield (
            f"| {case.title} | {ranks} | {case.batch // ranks} | {len(told):,} | {megabytes:.2f} "
            f"| {computing:#.3g} | {telling:#.3g} | {computing + telling:#.3g} "
            f"| {measured:#.3g} | {(computing + telling) / measured:.2f} |"
        )


def measure(rank: int, case: Case, turns: int, clock: Clock) -> Found:
    """Return the measurements of a case on two ranks, which both call it at once."""
    ranks = Ranks(rank, RANKS, case.synchronised)
    half, eighth = (RANKS * (case.batch // parts) for parts in (MANY, FEW))
    silent, both = partial(observed, alone=True), range(RANKS)
    works: dict[str, tuple[Step, Observed, Sequence[int]]] = {
        "few": (case.make(eighth, ranks), silent, (0,)),
        "many": (case.make(half, ranks), silent, (0,)),
        "busy": (case.make(half, ranks), silent, both),
        "whole": (case.make(case.batch, Ranks(synchronised=case.synchronised)), observed, (0,)),
        "together": (case.make(case.batch, ranks), observed, both),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    messages: list[Message] = []
    for turn in range(-1, turns):  # the first is not timed: it allocates and compiles
        for name, (step, seen, taking) in works.items():
            dist.barrier()
            spent = 0.0
            if rank in taking:
                with seen() as messages:  # in the end those of both together
                    begin = clock()
                    step(max(turn, 0))
                    spent = clock() - begin
            slowest = torch.tensor(spent, dtype=torch.float64)
            dist.all_reduce(slowest, dist.ReduceOp.MAX)
            if turn >= 0:
                times[name].append(float(slowest))
    medians = {name: statistics.median(found) for name, found in times.items()}
    return Found(case.batch, messages=tuple(messages), **medians)


def _serve(rank: int, folder: str, cases: Sequence[Case], turns: int, clock: Clock) -> None:
    """Measure cases as one of two ranks; the first one writes the rows."""
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        init_method=f"file://{folder}/meeting",
        timeout=timedelta(minutes=10),
        world_size=RANKS,
        rank=rank,
    )
    lines: list[str] = []
    for case in cases:
        before = measured_wire(clock)
        found = measure(rank, case, turns, clock)
        after = measured_wire(clock)
        wire = Wire(
            statistics.mean((before.latency, after.latency)),
            statistics.mean((before.bandwidth, after.bandwidth)),
        )
        lines += rows(case, found, wire)
        if rank == 0:
            slower = f"{found.slower:.2f} times longer beside another process"
            print(f"{case.title}: {wire}; {slower}", file=sys.stderr, flush=True)
    if rank == 0:
        Path(folder, "rows").write_text("\n".join(lines), encoding="utf-8")
    dist.destroy_process_group()


def measured(cases: Sequence[Case], turns: int, clock: Clock = time.perf_counter) -> str:
    """Return the table of cases, measured in two processes with one thread each."""
    with TemporaryDirectory() as folder:
        given = (folder, cases, turns, clock)
        spawn(_serve, given, nprocs=RANKS)  # type: ignore[no-untyped-call]
        found = Path(folder, "rows").read_text(encoding="utf-8")
    return f"{HEAD}\n{found}"


def with_tables(text: str, tables: Mapping[str, str]) -> str:
    """Return the text of a page with some of the tables between its marks made anew."""

    def anew(mark: re.Match[str]) -> str:
        table = tables.get(mark["name"])
        return mark[0] if table is None else f"{mark[1]}{table}\n{mark[3]}"

    return _MARK.sub(anew, text)


def paper_tables() -> dict[str, str]:
    """Return the tables that are counted, by the names of their marks."""
    return {name: "\n".join(lines()) for name, lines in on_paper.TABLES.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables, or write them into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paper", action="store_true", help="count and predict, measure nothing")
    parser.add_argument(
        "--steps", type=partial(names_in, known=tuple(CASES)), default=list(CASES), metavar="A,B",
        help=f"of {', '.join(CASES)}; else all",
    )  # fmt: skip
    parser.add_argument("--turns", type=count, default=6, help="timed steps of every kind")
    parser.add_argument(
        "--cpu", action="store_true", help="seconds of the processor, without any that wait"
    )
    parser.add_argument("--write", action="store_true", help="write tables into docs/scale.md")
    given = parser.parse_args(arguments)
    if given.paper:
        tables = paper_tables()
    else:
        torch.set_num_threads(1)
        clock = time.process_time if given.cpu else time.perf_counter
        table = measured([CASES[name] for name in given.steps], given.turns, clock)
        seconds = "seconds of the processor" if given.cpu else "by the clock"
        tables = {"ranks": f"{machine()}; {seconds}:\n\n{table}"}
    print(*tables.values(), sep="\n\n")
    if given.write:
        PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), tables), encoding="utf-8")
        if given.paper:
            on_paper.draw()


if __name__ == "__main__":
    main()
