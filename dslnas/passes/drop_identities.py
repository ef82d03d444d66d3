"""Dead code of prediction: what only helps training, and what only hands its input on.

x/0_drop = dropout(rate=0.5) a
x/1_relu = relu x/0_drop            =>      x/1_relu = relu a
"""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import Node, PrimitiveGraph, State
from dslnas.graph.verify import NO_CHOICES
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait
from dslnas.passes.rewrite import Pass, Phase


def drop_identities(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return the graph of the logits and states: no second head, nothing that hands its input on.

    Readers of a node that goes read what it read.
    """
    stands_for: dict[str, str] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        inputs = tuple(stands_for.get(source, source) for source in node.inputs)
        if has_trait(node.primitive, Trait.INFERENCE_IDENTITY):
            stands_for[node.name] = inputs[0]
        else:
            nodes.append(replace(node, inputs=inputs))
    output = stands_for.get(graph.output, graph.output)
    states = tuple(State(s.name, stands_for.get(s.next, s.next)) for s in graph.states)
    changed = replace(graph, nodes=tuple(nodes), output=output, auxiliary=None, states=states)
    return without_unread(changed)


DROP_IDENTITIES = Pass(
    drop_identities,
    "what only helps training is left out",
    phase=Phase.PREDICT,
    requires=(NO_CHOICES,),
)
