"""The steps of a plan around the loop over time. Knows no tensors."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from dslnas.graph.analysis.plan import Step, freeing
from dslnas.graph.analysis.time_loop import TimeLoop, time_loop
from dslnas.graph.graph import PrimitiveGraph


def divide(
    graph: PrimitiveGraph, steps: Sequence[Step], wanted: Collection[str], *, hoist: bool = True
) -> TimeLoop[Step]:
    """Divide a plan; every part of it frees what nobody reads any more.

    Args:
        graph: The network of the plan.
        steps: All steps, each behind those that it reads.
        wanted: Names of values that somebody outside reads for every time step.
        hoist: Take out of the loop all that can be; else only what belongs to no cell.
    """
    by_name = {step.node.name: step for step in steps}
    reads = {name: step.inputs for name, step in by_name.items()}
    loop = time_loop(graph, reads, wanted, hoist=hoist)
    behind = {source for name in (*loop.after, *loop.head) for source in reads[name]}.union(wanted)
    nexts = {state.next for state in graph.states}

    def part(names: Iterable[str], kept: Collection[str]) -> tuple[Step, ...]:
        return freeing([by_name[name] for name in names], kept)

    return TimeLoop(
        part(loop.before, {*behind, *loop.streams}),
        part(loop.body, {*behind, *nexts}),
        part(loop.after, wanted),
        part(loop.head, wanted),
        loop.streams,
        loop.collected,
    )
