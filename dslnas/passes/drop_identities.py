"""Dead code of prediction: what only helps training, and what only hands its input on.

x/0_drop = dropout(rate=0.5) a
x/1_relu = relu x/0_drop            =>      x/1_relu = relu a
"""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.verify import NO_CHOICES
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait
from dslnas.passes.rewrite import Pass, Phase


def drop_identities(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return the graph of the logits and states: no second head, nothing that hands its input on.

    Readers of a node that goes read what it read.
    """
    stands: dict[str, str] = {}
    for node in graph.nodes:
        if has_trait(node.primitive, Trait.INFERENCE_IDENTITY):
            stands[node.name] = stands.get(node.inputs[0], node.inputs[0])
    return without_unread(replace(graph, auxiliary=None).without(stands))


DROP_IDENTITIES = Pass(
    drop_identities,
    "what only helps training is left out",
    phase=Phase.PREDICT,
    requires=(NO_CHOICES,),
)
