"""A recurrent step in three stages: before the loop over time, inside of it, and after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dslnas.graph.graph import INPUT, Node, PrimitiveGraph


@dataclass(frozen=True)
class Stages:
    """Nodes of a graph, states and input left out, in its order.

    Attributes:
        before: What depends on no state: the stem, and what of a cell reads its input alone.
        body: What depends on a state and is not in the head.
        after: The rest of the head.
        entering: Names of the values from before the loop that the body reads or hands on.
        leaving: Names of the values that the body gives to the head.
    """

    before: tuple[Node, ...]
    body: tuple[Node, ...]
    after: tuple[Node, ...]
    entering: tuple[str, ...]
    leaving: tuple[str, ...]


def split_stages(graph: PrimitiveGraph) -> Stages:
    """Return the stages of a step.

    Raises:
        ValueError: No state depends on the tokens.
    """
    heads = tuple(f"{scope.path}/" for scope in graph.scopes if scope.kind == "head")
    states = {state.name for state in graph.states}
    changing = set(states)
    before: list[Node] = []
    body: list[Node] = []
    after: list[Node] = []
    for node in graph.nodes:
        if node.name == INPUT or node.name in states:
            continue
        if changing.isdisjoint(node.inputs):
            before.append(node)
            continue
        changing.add(node.name)
        (after if node.name.startswith(heads) else body).append(node)
    inside = {*states, *(node.name for node in body)}
    used = [name for node in body for name in node.inputs]
    used += [state.next for state in graph.states]
    entering = _distinct(name for name in used if name not in inside)
    if not entering:
        raise ValueError("no state depends on the tokens")
    read = [*(name for node in after for name in node.inputs), graph.output]
    return Stages(
        tuple(before),
        tuple(body),
        tuple(after),
        entering,
        _distinct(name for name in read if name in inside),
    )


def state_names(graph: PrimitiveGraph) -> dict[str, str]:
    """Return what a model calls its states: `h` where that is clear, and else `cell0_h`.

    What it gives is called the same with `next_` in front, beside `logits`.
    """
    states = [state.name for state in graph.states]
    short = [name.rpartition("/")[2] for name in states]
    taken = [*short, *(f"next_{name}" for name in short), "token", "tokens", "logits"]
    if len(set(taken)) == len(taken) and len({name.partition("/")[0] for name in states}) == 1:
        return dict(zip(states, short, strict=True))
    return {name: name.replace("/", "_") for name in states}


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
