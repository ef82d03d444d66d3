"""One search step by primitive: time, arithmetic, bytes, and what this machine could do.

Every primitive of a real step is timed forward and backward, see `timeline`; the numbers are means
over the turns. Multiply-adds and bytes are those of the forward calls; the floor is what these take
at the speed of a large matrix product and of a large copy, measured in the same run. What is still
in a cache may come below it.

    python benchmarks/profile_step.py                      # first-order DARTS, 8 cells, compiled
    python benchmarks/profile_step.py --plain --method nasp --turns 3
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import torch

from dslnas.diagnostics import UserError
from dslnas.timing import seconds_of
from measuring import machine, medians_in_turns
from methods import METHODS, Search
from timeline import Speed, Timeline, watched
from workloads import WORKLOADS, count, parsed, sized

HEAD = """\
| primitive | calls | forward, ms | backward, ms | share | G mul-add | GB | G/s | GB/s | floor, ms |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""
ATTEMPTS = 5


def measured_speed(side: int, length: int) -> Speed:
    """Return the best of some products of square matrices and of some copies, in float32.

    Args:
        side: Of the matrices.
        length: Numbers that are copied: each is read once and written once.
    """
    left, right, product = torch.randn(side, side), torch.randn(side, side), torch.empty(side, side)
    source, target = torch.ones(length), torch.zeros(length)
    products = [seconds_of(lambda: torch.mm(left, right, out=product)) for _ in range(ATTEMPTS)]
    copies = [seconds_of(lambda: target.copy_(source)) for _ in range(ATTEMPTS)]
    return Speed(side**3 / min(products), 2 * source.nbytes / min(copies))


def lines_of(timeline: Timeline, turns: int) -> list[str]:
    """Return the rows of the table, those with the longest times first."""
    seconds, total = timeline.seconds, sum(timeline.seconds.values())

    def both(kind: str) -> float:
        return seconds[kind, "forward"] + seconds[kind, "backward"]

    lines = []
    for kind in sorted(timeline.calls, key=both, reverse=True):
        forward, backward = seconds[kind, "forward"], seconds[kind, "backward"]
        giga, gigabytes = timeline.multiply_adds[kind] / 1e9, timeline.bytes[kind] / 1e9
        lines.append(
            f"| {kind} | {timeline.calls[kind] / turns:.0f} "
            f"| {1e3 * forward / turns:.1f} | {1e3 * backward / turns:.1f} "
            f"| {both(kind) / total:.1%} | {giga / turns:.3f} | {gigabytes / turns:.3f} "
            f"| {giga / forward:.1f} | {gigabytes / forward:.1f} "
            f"| {1e3 * timeline.floors[kind] / turns:.1f} |"
        )
    forward, backward = (
        sum(seconds[kind, way] for kind in timeline.calls) for way in ("forward", "backward")
    )
    giga, gigabytes = timeline.multiply_adds.total() / 1e9, timeline.bytes.total() / 1e9
    lines.append(f"| loss, optimisers, Python | | | | {seconds[None] / total:.1%} | | | | | |")
    lines.append(
        f"| all | {timeline.calls.total() / turns:.0f} | {1e3 * forward / turns:.1f} "
        f"| {1e3 * backward / turns:.1f} | 100.0% | {giga / turns:.3f} | {gigabytes / turns:.3f} "
        f"| {giga / forward:.1f} | {gigabytes / forward:.1f} "
        f"| {1e3 * sum(timeline.floors.values()) / turns:.1f} |"
    )
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workload", choices=WORKLOADS, default="cells-16")
    parser.add_argument("--method", choices=METHODS, default="darts")
    lowering = parser.add_mutually_exclusive_group()
    lowering.add_argument(
        "--plain", dest="way", action="store_const", const="plain", default="compiled",
        help="the lowering as it is; else the compiled one",
    )  # fmt: skip
    lowering.add_argument(
        "--usual", dest="way", action="store_const", const="usual",
        help="plain, and as one would write the method: all operations run",
    )  # fmt: skip
    parser.add_argument("--turns", type=count, default=5, help="steps that are profiled")
    parser.add_argument("--side", type=int, default=2048, help="of the large matrices")
    parser.add_argument("--length", type=int, default=2**26, help="numbers of the large copy")
    given = parsed(parser, arguments)
    method = METHODS[given.method]
    way = next((way for way in method.ways if way.name == given.way), method.ways[0])
    try:
        workload = sized(WORKLOADS[given.workload], given)
        search = Search(workload, method, way)
    except UserError as error:
        raise SystemExit(error.render()) from None
    speed = measured_speed(given.side, given.length)
    print(f"{machine()}\n{workload}\n{method.title}, {way.title}\n")
    print(
        f"this machine: {speed.multiply_adds / 1e9:.0f} G multiply-adds/s in a product of "
        f"{given.side} x {given.side} matrices, {speed.bytes / 1e9:.1f} GB/s in a copy of "
        f"{4 * given.length / 2**20:.0f} MiB\n"
    )
    bare = medians_in_turns({way.name: search.step}, given.turns)[way.name]
    with watched(speed) as timeline:
        for turn in range(given.turns):
            search.step(turn)
    took = sum(timeline.seconds.values()) / given.turns
    print(f"{bare:.3f} s per step (median of {given.turns}), {took:.3f} s while watched (mean)\n")
    print(HEAD, *lines_of(timeline, given.turns), sep="\n")


if __name__ == "__main__":
    main()
