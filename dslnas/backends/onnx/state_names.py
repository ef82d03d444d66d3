"""Names of the states of a recurrent network in its models."""

from __future__ import annotations

from dslnas.graph.graph import PrimitiveGraph


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
