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

from dslnas.diagnostics import UserError
from floor import LENGTH, SIDE, measured_speed
from measuring import machine, medians_in_turns
from methods import METHODS, Search
from timeline import Timeline, watched
from workloads import WORKLOADS, count, parsed, sized

HEAD = """\
| primitive | calls | forward, ms | backward, ms | share | G mul-add | GB | G/s | GB/s | floor, ms |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


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
    parser.add_argument(
        "--plain", action="store_true", help="the lowering as it is; else the compiled one"
    )
    parser.add_argument("--turns", type=count, default=5, help="steps that are profiled")
    parser.add_argument("--side", type=int, default=SIDE, help="of the large matrices")
    parser.add_argument("--length", type=int, default=LENGTH, help="numbers of the large copy")
    given = parsed(parser, arguments)
    method = METHODS[given.method]
    try:
        workload = sized(WORKLOADS[given.workload], given)
        search = Search(workload, method, plain=given.plain)
    except UserError as error:
        raise SystemExit(error.render()) from None
    lowering = "plain" if given.plain else "compiled"
    speed = measured_speed(given.side, given.length)
    print(f"{machine()}\n{workload}\n{method.title}, {lowering}\n")
    print(f"this machine: {speed}\n")
    bare = medians_in_turns({lowering: search.step}, given.turns)[lowering]
    with watched(speed) as timeline:
        for turn in range(given.turns):
            search.step(turn)
    took = sum(timeline.seconds.values()) / given.turns
    print(f"{bare:.3f} s per step (median of {given.turns}), {took:.3f} s while watched (mean)\n")
    print(HEAD, *lines_of(timeline, given.turns), sep="\n")


if __name__ == "__main__":
    main()
