"""Where the nodes of a recurrent step run: before the loop over time, in it, or behind it.

The rule is that of the torch backend: what does not depend on a state is done for all time steps
at once, and so is what no state depends on. Two things differ. Nothing is bound to the loop for
giving something else for all steps at once, since nothing of a network that predicts does: batch
norms have their statistics, dropout is gone, and there are no choices to stack. And a Scan has
as many steps as what it scans, so the tokens enter a loop that would read nothing else with an
axis of time.
"""

from __future__ import annotations

from dataclasses import dataclass

from dslnas.graph.graph import INPUT, Node, PrimitiveGraph


@dataclass(frozen=True)
class Stages:
    """Nodes of a graph, states and input left out, in its order.

    Attributes:
        before: Runs once, on all time steps.
        body: Runs once for every time step.
        after: Runs once, on all time steps.
        streams: Values from before that the body reads, or that are states after the step; the
            graph's input if there are none.
        collected: Values of the body, and states before the step, that are wanted behind it.
    """

    before: tuple[Node, ...]
    body: tuple[Node, ...]
    after: tuple[Node, ...]
    streams: tuple[str, ...]
    collected: tuple[str, ...]


def divide(graph: PrimitiveGraph) -> Stages:
    """Divide a step that predicts, as `inference_graph` returns it."""
    states = [state.name for state in graph.states]
    nodes = [node for node in graph.nodes if node.name != INPUT and node.name not in states]
    depends = set(states)
    for node in nodes:
        if not depends.isdisjoint(node.inputs):
            depends.add(node.name)
    needed = {state.next for state in graph.states}
    for node in reversed(nodes):
        if node.name in needed:
            needed.update(node.inputs)
    before = tuple(node for node in nodes if node.name not in depends)
    body = tuple(node for node in nodes if node.name in depends & needed)
    after = tuple(node for node in nodes if node.name in depends - needed)
    inside = dict.fromkeys([*(node.name for node in body), *states])
    reads = [name for node in body for name in node.inputs]
    reads += [state.next for state in graph.states]
    behind = {graph.output, *(name for node in after for name in node.inputs)}
    return Stages(
        before,
        body,
        after,
        tuple(dict.fromkeys(name for name in reads if name not in inside)) or (INPUT,),
        tuple(name for name in inside if name in behind),
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
