"""The part of a graph that predicts: without what only helps training."""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.graph import PrimitiveGraph, State
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait


def inference_graph(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return the graph of the logits and states: no second head, nothing that hands its input on.

    Readers of a node that goes read what it read. Every node that is left reaches the logits, or is
    an input, or a state before or after the step.
    """
    kept = (*(node.name for node in graph.inputs.values()), *(state.name for state in graph.states))
    needed = replace(graph, auxiliary=None).needed.union(kept)
    stands_for: dict[str, str] = {}
    nodes = []
    for node in graph.nodes:
        if node.name not in needed:
            continue
        inputs = tuple(stands_for.get(source, source) for source in node.inputs)
        if has_trait(node.primitive, Trait.INFERENCE_IDENTITY):
            stands_for[node.name] = inputs[0]
        else:
            nodes.append(replace(node, inputs=inputs))
    output = stands_for.get(graph.output, graph.output)
    states = tuple(State(s.name, stands_for.get(s.next, s.next)) for s in graph.states)
    return PrimitiveGraph(tuple(nodes), output, None, graph.scopes, graph.alphas, states)
