"""Where the steps of a plan run: before the loop over time, in it, or behind it. Knows no tensors.

What does not depend on a state is the same work for every time step, so it is done for all of them
at once, and so is what no state depends on. A stack of edges is on one side as a whole: its rows
are those of (edges, sequences) in the loop and of (edges, time, sequences) outside of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dslnas.backends.torch.plan import Step
from dslnas.graph.graph import INPUT, Node, PrimitiveGraph
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait


@dataclass(frozen=True)
class Loop:
    """A plan of a recurrent network, divided.

    Attributes:
        before: Runs once, on all time steps.
        body: Runs once for every time step.
        after: Runs once, on all time steps.
        head: Runs last, on what the last cell gives, on any number of time steps at once.
        streams: Values from before that the body reads, or that are states after the step.
        collected: Values of the body that are wanted behind it.
    """

    before: tuple[Step, ...]
    body: tuple[Step, ...]
    after: tuple[Step, ...]
    head: tuple[Step, ...]
    streams: tuple[str, ...]
    collected: tuple[str, ...]


def divide(
    graph: PrimitiveGraph, steps: Sequence[Step], wanted: Iterable[str], *, hoist: bool = True
) -> Loop:
    """Divide a plan.

    Args:
        graph: What the plan is of.
        steps: All steps, each behind those that it reads.
        wanted: Names of values that somebody outside reads for every time step.
        hoist: Take out of the loop all that can be; else only what belongs to no cell.
    """
    body = _body(graph, steps, hoist=hoist)
    before = {INPUT}
    first: list[Step] = []
    repeated: list[Step] = []
    last: list[Step] = []
    head: list[Step] = []
    for step in steps:
        if step.node.name in body:
            repeated.append(step)
        elif step.node.name.startswith("head/"):
            head.append(step)
        elif before.issuperset(step.inputs):
            first.append(step)
            before.add(step.node.name)
        else:
            last.append(step)
    wanted = set(wanted)
    behind = {name for step in (*last, *head) for name in step.inputs} | wanted
    reads = dict.fromkeys(name for step in repeated for name in step.inputs)
    nexts = dict.fromkeys(state.next for state in graph.states)
    return Loop(
        _freeing(first, {*behind, *reads, *nexts}),
        _freeing(repeated, {*behind, *nexts}),
        _freeing(last, wanted),
        _freeing(head, wanted),
        tuple(name for name in {**reads, **nexts} if name in before),
        tuple(name for name in dict.fromkeys([*body, *_states(graph)]) if name in behind),
    )


def _freeing(steps: Sequence[Step], keep: set[str]) -> tuple[Step, ...]:
    """Return steps that free what nobody reads after them and nobody wants to keep."""
    last = {name: number for number, step in enumerate(steps) for name in step.inputs}
    return tuple(
        replace(
            step,
            last_use=tuple(
                name
                for name in dict.fromkeys(step.inputs)
                if last[name] == number and name not in keep
            ),
        )
        for number, step in enumerate(steps)
    )


def _body(graph: PrimitiveGraph, steps: Sequence[Step], *, hoist: bool) -> dict[str, None]:
    """Return the names of what runs step by step, in order."""
    cells = {scope.path for scope in graph.scopes if scope.kind == "cell"}
    inside = [step for step in steps if step.node.name.partition("/")[0] in cells]
    if not hoist:
        return dict.fromkeys(step.node.name for step in inside)
    depends = set(_states(graph))
    for step in inside:
        if is_bound(step.node) or not depends.isdisjoint(step.inputs):
            depends.add(step.node.name)
    needed = depends & _needed(graph, inside)
    return dict.fromkeys(step.node.name for step in inside if step.node.name in needed)


def _needed(graph: PrimitiveGraph, inside: Sequence[Step]) -> set[str]:
    """Return what a next state needs, and what is bound to the loop; of stacks all or nothing."""
    inputs = {step.node.name: step.inputs for step in inside}
    stacks = _stacks(inside)
    waiting = [state.next for state in graph.states]
    waiting += [step.node.name for step in inside if is_bound(step.node)]
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [*inputs.get(name, ()), *stacks.get(name, ())]
    return needed


def _stacks(inside: Sequence[Step]) -> dict[str, list[str]]:
    """Return by name of every node from a stack to its sums the names of all of them."""
    found: dict[str, list[str]] = {}
    stacked: set[str] = set()
    for step in inside:
        name = step.node.name
        if step.node.primitive == "stack":
            found[name] = []
        else:
            reads = [source for source in step.inputs if source in stacked]
            if not reads:
                continue
            found[name] = found[reads[0]]
        found[name].append(name)
        if not has_trait(step.node.primitive, Trait.ENDS_STACK):
            stacked.add(name)
    return found


def is_bound(node: Node) -> bool:
    """Whether a node may give something else for all time steps at once than one by one."""
    return not any(has_trait(node.primitive, trait) for trait in (Trait.ROW_WISE, Trait.PART_WISE))


def _states(graph: PrimitiveGraph) -> list[str]:
    return [state.name for state in graph.states]
