"""How the cost of a first-order DARTS step grows with cells, channels, nodes and operations.

From 8 cells of 16 channels with 4 nodes and 8 operations, batch 16, one of the four is varied at a
time. Plain and compiled take turns in one process; the memory is the peak of a process of its own.
Prints a table and draws it.

    python benchmarks/growth.py                            # draws exported/growth.svg
    python benchmarks/growth.py --vary nodes,channels --turns 1 --out growth.png
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from dslnas.diagnostics import UserError
from measuring import in_own_process, machine, medians_in_turns
from methods import METHODS, Search, peak_mib
from workloads import WORKLOADS, Workload, count, counts, names_in, parsed, sized

# Each two more are a convolution and something cheap, so that cost does not jump.
OPERATIONS = (
    "sep_conv(3)", "skip_connect", "dil_conv(3)", "max_pool(3)",
    "sep_conv(5)", "avg_pool(3)", "dil_conv(5)", "none",
)  # fmt: skip


@dataclass(frozen=True)
class Sweep:
    """One quantity that is varied.

    Attributes:
        values: It takes by default.
        at: Returns a workload with another value.
    """

    values: tuple[int, ...]
    at: Callable[[Workload, int], Workload]


@dataclass(frozen=True)
class Point:
    """The cost of one value in one lowering: seconds of a step, peak in MiB."""

    value: int
    seconds: float
    peak: float


def _setting(path: str) -> Callable[[Workload, int], Workload]:
    return lambda workload, value: replace(workload, changes=(*workload.changes, f"{path}={value}"))


def _with_cells(workload: Workload, value: int) -> Workload:
    """Return a workload with so many cells, reductions at a third and two thirds as in DARTS."""
    reductions = (value // 3, 2 * value // 3)
    cells = ("reduction" if place in reductions else "normal" for place in range(value))
    return replace(workload, changes=(*workload.changes, f"network.cells={', '.join(cells)}"))


def _with_operations(workload: Workload, value: int) -> Workload:
    chosen = ", ".join(OPERATIONS[:value])
    return replace(workload, changes=(*workload.changes, f"cell.normal.choose={chosen}"))


SWEEPS = {
    "cells": Sweep((5, 8, 11, 14), _with_cells),
    "channels": Sweep((8, 16, 24, 32), _setting("network.channels")),
    "nodes": Sweep((2, 3, 4, 5, 6), _setting("cell.normal.nodes")),
    "operations": Sweep((2, 4, 6, 8), _with_operations),
}


def measure(workload: Workload, value: int, turns: int, *, memory: bool) -> dict[str, Point]:
    """Return what a step costs in either lowering."""
    method = METHODS["darts"]
    searches = {way.name: Search(workload, method, way) for way in method.ways}
    seconds = medians_in_turns({name: each.step for name, each in searches.items()}, turns)
    del searches
    return {
        way.name: Point(
            value,
            seconds[way.name],
            in_own_process(peak_mib, workload, method, way) if memory else 0.0,
        )
        for way in method.ways
    }


def draw(found: dict[str, dict[str, list[Point]]], title: str, path: Path) -> None:
    """Draw seconds above and memory below, one column for every quantity. Imports matplotlib."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.2 * len(found) + 0.8, 5.6), layout="constrained")
    axes = figure.subplots(2, len(found), squeeze=False, sharex="col", sharey="row")
    for column, (name, lowerings) in enumerate(found.items()):
        for lowering, points in lowerings.items():
            values = [point.value for point in points]
            axes[0, column].plot(values, [p.seconds for p in points], "o-", label=lowering)
            axes[1, column].plot(values, [p.peak for p in points], "o-", label=lowering)
        axes[1, column].set_xlabel(name)
        axes[1, column].set_xticks(values)
    for row, label in enumerate(("seconds per step", "peak memory, MiB")):
        axes[row, 0].set_ylabel(label)
        axes[row, 0].set_ylim(bottom=0)
    axes[0, 0].legend()
    figure.suptitle(title, fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and draw it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--vary", type=partial(names_in, known=tuple(SWEEPS)), default=list(SWEEPS), metavar="A,B",
        help=f"of {', '.join(SWEEPS)}; else all",
    )  # fmt: skip
    parser.add_argument(
        "--values", type=counts, help="of what is varied, such as 2,4,8; else its own"
    )
    parser.add_argument("--turns", type=count, default=3, help="timed steps of either lowering")
    parser.add_argument("--no-memory", dest="memory", action="store_false", help="times alone")
    parser.add_argument("--out", type=Path, default=Path("exported/growth.svg"), help="or a .png")
    given = parsed(parser, arguments)
    base = sized(WORKLOADS["cells-16"], given)
    print(f"{machine()}\n{base}\n")
    print("| varied | value | plain, s | compiled, s | times less | plain, MiB | compiled, MiB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    found: dict[str, dict[str, list[Point]]] = {}
    for name in given.vary:
        sweep = SWEEPS[name]
        values = given.values or sweep.values
        lowerings: dict[str, list[Point]] = {"plain": [], "compiled": []}
        for value in values:
            print(f"{name}: {value}", file=sys.stderr)
            try:
                points = measure(sweep.at(base, value), value, given.turns, memory=given.memory)
            except UserError as error:
                raise SystemExit(error.render()) from None
            for lowering, point in points.items():
                lowerings[lowering].append(point)
            plain, compiled = points["plain"], points["compiled"]
            print(
                f"| {name} | {value} | {plain.seconds:#.3g} | {compiled.seconds:#.3g} "
                f"| {plain.seconds / compiled.seconds:.1f} "
                f"| {plain.peak:.0f} | {compiled.peak:.0f} |",
                flush=True,
            )
        found[name] = lowerings
    draw(found, f"{base}\n{machine()}", given.out)
    print(f"\ndrawn in {given.out}")


if __name__ == "__main__":
    main()
