"""What a search step costs: the published programs and this tool, on the papers' supernets.

DARTS of both orders, MiLeNAS, NASP and GDAS on 8 cells of 16 channels, and DARTS of both orders on
the recurrent supernet, on noise. The published programs are those of `published`, in PyTorch's
usual layout and in `channels_last`; all ways take turns in one process. The floor is what the
step's convolutions and products take at least, see `floor`.

    python benchmarks/supernets.py --threads 2
    python benchmarks/supernets.py --threads 1 --workloads recurrent --methods darts-second
    python benchmarks/supernets.py --threads 1 --methods darts --ways plain,loopless,ours
    python benchmarks/supernets.py --workloads digits --methods asng --ways plain,ours --turns 3
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch

from contest import (
    CHANNELS_LAST,
    COSTS,
    OURS,
    PUBLISHED,
    Goal,
    Maker,
    Reached,
    cost_rows,
    costs_of,
    print_reached,
    ratios_of,
)
from dslnas.diagnostics import UserError
from floor import Speed, floor_of, measured_speed
from measuring import machine
from methods import KERNELS, MAIN, METHODS, is_published, ours, published
from workloads import WORKLOADS, Workload, count, names_in, parsed, sized

WAYS = {
    "published": PUBLISHED,
    "channels-last": CHANNELS_LAST,
    "plain": "this tool, plain",
    "loopless": "this tool, without loops",
    "ours": OURS,
}
USUAL = ("published", "channels-last", "ours")
LOWERINGS = (Goal(WAYS["plain"], 0), Goal(WAYS["loopless"], 0))
IMAGES = (Goal(PUBLISHED, 6.0), Goal(CHANNELS_LAST, 3.5), *LOWERINGS)
TEXT = (Goal(PUBLISHED, 2.0), *LOWERINGS)


def makers_of(workload: Workload, method: str, ways: Sequence[str]) -> dict[str, Maker]:
    """Return what makes the step of every way that there is."""
    usual, last = torch.contiguous_format, torch.channels_last
    makers: dict[str, Maker] = {
        "plain": partial(ours, workload, method, plain=True),
        "loopless": partial(ours, workload, method, without=KERNELS),
        "ours": partial(ours, workload, method),
    }
    if is_published(workload, method):
        makers["published"] = partial(published, workload, method, usual)
        if workload.shape:
            makers["channels-last"] = partial(published, workload, method, last)
    return {WAYS[way]: makers[way] for way in WAYS if way in ways and way in makers}


def small_of(workload: Workload) -> Workload:
    """Return a workload in a small size."""
    changes = (*workload.changes, "network.channels=4")
    return replace(workload, batch=2, steps=min(workload.steps, 2), changes=changes)


def measure(
    workload: Workload, method: str, given: argparse.Namespace, speed: Speed
) -> list[Reached]:
    """Print what a step of a method costs, and return what was reached."""
    work = f"{METHODS[method].title}, {workload.name}"
    small = makers_of(small_of(workload), method, given.ways) if given.memory else None
    costs = costs_of(makers_of(workload, method, given.ways), given.turns, small)
    print(*cost_rows(work, costs), sep="\n", flush=True)
    plain = ours(workload, method, plain=True)
    floor = floor_of(partial(plain, 0), speed)
    ratios = ratios_of(work, costs, IMAGES if workload.shape else TEXT, floor)
    print(f"| {work} | floor | {floor.seconds:#.3g} | | |", flush=True)
    return ratios


def main(arguments: Sequence[str] | None = None) -> list[Reached]:
    """Print the tables, and return what was reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for option, known, chosen, about in (
        ("--workloads", tuple(WORKLOADS), ("cells-16", "recurrent"), "what is searched"),
        ("--methods", tuple(METHODS), MAIN, "by what"),
        ("--ways", tuple(WAYS), USUAL, "in which ways"),
    ):
        parser.add_argument(
            option, type=partial(names_in, known=known), default=list(chosen), metavar="A,B",
            help=f"{about}: of {', '.join(known)}; else {', '.join(chosen)}",
        )  # fmt: skip
    parser.add_argument("--turns", type=count, default=5, help="timed steps of every way")
    parser.add_argument("--no-memory", dest="memory", action="store_false", help="times alone")
    given = parsed(parser, arguments)
    speed = measured_speed()
    print(f"{machine()}; {speed}", flush=True)
    ratios: list[Reached] = []
    try:
        for name in given.workloads:
            workload = sized(WORKLOADS[name], given)
            print(f"\n{workload}\n\n{COSTS}", flush=True)
            for method in given.methods:
                if _fits(workload, method):
                    print(f"{workload.name}: {METHODS[method].title}", file=sys.stderr)
                    ratios += measure(workload, method, given, speed)
    except UserError as error:
        raise SystemExit(error.render()) from None
    print_reached(ratios)
    return ratios


def _fits(workload: Workload, method: str) -> bool:
    """Whether a method is measured there: in text those that have a published program."""
    if workload.only:
        return method == workload.only
    return bool(workload.shape) or is_published(workload, method)


if __name__ == "__main__":
    main()
