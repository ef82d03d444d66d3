"""How costs grow with what they depend on, beside how the work grows.

From 8 cells of 16 channels with 4 nodes and 8 operations, images of 32 x 32 and batch 16, one of
them is varied at a time. Four costs: a first-order DARTS step, a training step of an architecture
that is drawn from the same space, the graph with all passes, and `check`. The work of a step is its
multiply-adds, that of the graph and of `check` the nodes of the supernet's graph. `grows` is how
many times more the last value costs than the first, divided by how many times more its work is: at
most 1 where a cost grows no faster than its work.

    python benchmarks/growth.py --threads 1                # draws benchmarks/growth.svg
    python benchmarks/growth.py --vary nodes,channels --turns 1 --out growth.png
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from contest import OURS, Maker, Step, costs_of
from dslnas.app.compiled import CompiledSpace
from dslnas.diagnostics import UserError
from dslnas.graph.lower.network import build_supernet_graph
from measuring import machine
from methods import ours
from starting import CHECK, GRAPH, Times, compile_once, derived
from training import epochs_of
from workloads import WORKLOADS, Workload, count, counts, names_in, parsed, sized

# Each two more are a convolution and something cheap, so that cost does not jump.
OPERATIONS = (
    "sep_conv(3)", "skip_connect", "dil_conv(3)", "max_pool(3)",
    "sep_conv(5)", "avg_pool(3)", "dil_conv(5)", "none",
)  # fmt: skip

SEARCH_STEP, TRAINING_STEP = "search step", "training step"
GRAPHS, CHECKS = "graph and passes", "check"
DRAWING = Path(__file__).with_name("growth.svg")
COSTS = (SEARCH_STEP, TRAINING_STEP, GRAPHS, CHECKS)


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
    """A cost at one value of what is varied.

    Attributes:
        cost: Its name.
        value: Of what is varied.
        seconds: The median.
        work: Multiply-adds of a step, or nodes of the supernet's graph.
    """

    cost: str
    value: int
    seconds: float
    work: int


def _settings(*paths: str) -> Callable[[Workload, int], Workload]:
    def at(workload: Workload, value: int) -> Workload:
        changes = (f"{path}={value}" for path in paths)
        return replace(workload, changes=(*workload.changes, *changes))

    return at


def _with_cells(workload: Workload, value: int) -> Workload:
    """Return a workload with so many cells, reductions at a third and two thirds as in DARTS."""
    reductions = (value // 3, 2 * value // 3)
    cells = ("reduction" if place in reductions else "normal" for place in range(value))
    return replace(workload, changes=(*workload.changes, f"network.cells={', '.join(cells)}"))


def _with_operations(workload: Workload, value: int) -> Workload:
    chosen = ", ".join(OPERATIONS[:value])
    return replace(workload, changes=(*workload.changes, f"cell.normal.choose={chosen}"))


def _with_batch(workload: Workload, value: int) -> Workload:
    return replace(_settings("evaluate.batch")(workload, value), batch=value)


SWEEPS = {
    "cells": Sweep((5, 8, 11, 14), _with_cells),
    "channels": Sweep((8, 16, 24, 32), _settings("network.channels", "evaluate.channels")),
    "nodes": Sweep((2, 3, 4, 5, 6), _settings("cell.normal.nodes")),
    "operations": Sweep((2, 4, 6, 8), _with_operations),
    "batch": Sweep((8, 16, 32, 64), _with_batch),
    "image": Sweep((16, 32, 48, 64), lambda w, value: replace(w, shape=(3, value, value))),
}


def alike(workload: Workload) -> Workload:
    """Return a workload whose architectures are trained at the size of the search."""
    same = ("evaluate.repeat=2", "evaluate.channels=16", f"evaluate.batch={workload.batch}")
    return replace(workload, changes=(*same, *workload.changes))


def measure(workload: Workload, value: int, turns: int) -> Iterator[Point]:
    """Yield every cost of a workload, at a value of what is varied."""
    graph, batch = build_supernet_graph(workload.space), workload.batch
    seconds = seconds_of_step(partial(ours, workload, "darts"), turns)
    yield Point(SEARCH_STEP, value, seconds, batch * graph.flops())
    times: Times = {}
    for _ in range(turns + 1):
        compiled = compile_once(workload, times)
    assert isinstance(compiled, CompiledSpace), "there are choices"
    architecture = derived(compiled, workload)
    seconds = seconds_of_step(partial(_training_step, architecture), turns)
    work = batch * compile_once(architecture, {}).graph.flops()
    yield Point(TRAINING_STEP, value, seconds, work)
    for cost, stages in ((GRAPHS, GRAPH), (CHECKS, CHECK)):
        seconds = sum(statistics.median(times[stage][1:]) for stage in stages)
        yield Point(cost, value, seconds, len(graph.nodes))


def seconds_of_step(make: Maker, turns: int) -> float:
    """Return what a step takes."""
    return costs_of({OURS: make}, turns)[OURS].seconds


def _training_step(architecture: Workload) -> Step:
    epochs = epochs_of(architecture.program, architecture.shape, architecture.classes)
    batch = architecture.batches()[0]
    return lambda turn: epochs.step(batch)


def grows(points: Sequence[Point]) -> float:
    """Return how many times more the last point costs than the first, by that of its work."""
    first, last = points[0], points[-1]
    return last.seconds / first.seconds * first.work / last.work


def draw(found: Mapping[str, Sequence[Point]], title: str, path: Path) -> None:
    """Draw a row for every cost, with its work beside it, and a column for every quantity."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.4 * len(found) + 0.8, 2.0 * len(COSTS)), layout="constrained")
    axes = figure.subplots(len(COSTS), len(found), squeeze=False, sharex="col")
    for column, (name, points) in enumerate(found.items()):
        for row, cost in enumerate(COSTS):
            own = [point for point in points if point.cost == cost]
            values, place = [point.value for point in own], axes[row, column]
            scale = own[0].seconds / own[0].work
            place.plot(values, [scale * point.work for point in own], ":", label="work")
            place.plot(values, [point.seconds for point in own], "o-", label="cost")
            place.set_ylim(bottom=0)
            axes[row, 0].set_ylabel(f"{cost}, s")
        axes[-1, column].set_xlabel(name)
        axes[-1, column].set_xticks(values)
    axes[0, 0].legend()
    figure.suptitle(title, fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"Date": None} if path.suffix == ".svg" else {}
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": path.stem}):
        figure.savefig(path, metadata=metadata)


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
    parser.add_argument("--turns", type=count, default=3, help="timed steps")
    parser.add_argument("--out", type=Path, default=DRAWING, help="or a .png")
    given = parsed(parser, arguments)
    base = alike(sized(WORKLOADS["cells-16"], given))
    print(f"{machine()}\n{base}\n\n| varied | cost | seconds, by its value | grows |")
    print("| --- | --- | --- | ---: |", flush=True)
    found: dict[str, list[Point]] = {}
    for name in given.vary:
        found[name] = []
        for value in given.values or SWEEPS[name].values:
            print(f"{name}: {value}", file=sys.stderr)
            try:
                found[name] += measure(SWEEPS[name].at(base, value), value, given.turns)
            except UserError as error:
                raise SystemExit(error.render()) from None
        for cost in COSTS:
            points = [point for point in found[name] if point.cost == cost]
            seconds = ", ".join(f"{point.value}: {point.seconds:#.3g}" for point in points)
            print(f"| {name} | {cost} | {seconds} | {grows(points):.2f} |", flush=True)
    draw(found, machine(), given.out)
    print(f"\ndrawn in {given.out}")


if __name__ == "__main__":
    main()
