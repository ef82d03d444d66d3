"""Folding for inference: a batch norm whose channels come straight from layers goes into them.

x/1_norm = batch_norm x/0_conv      =>      x/1_norm = absorbed_norm x/0_conv

With running statistics a batch norm is a scale and an offset of every channel, and a convolution or
a linear map with other weights gives the same (Jacob et al., arXiv:1712.05877, section 3.2). Who
writes a network out computes these weights; the graph says which norms are gone then.
"""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.analysis.scalable import absorbed_norms, layers_in_front, shared_tensors
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.verify import NO_CHOICES
from dslnas.passes.rewrite import Pass, Phase


def absorb_norms(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which layers absorb the batch norms behind them.

    All channels of the norm come from convolutions and linear maps that nothing else reads and that
    share their weights with nobody: from one, or from several through `concat`.
    """
    shared, absorbed = shared_tensors(graph), set(absorbed_norms(graph))
    for node in graph.nodes:
        is_norm = node.primitive == "batch_norm"
        if is_norm and layers_in_front(graph, node.inputs[0], absorbed, shared):
            absorbed.add(node.name)
    return replace(
        graph,
        nodes=tuple(
            replace(node, primitive="absorbed_norm") if node.name in absorbed else node
            for node in graph.nodes
        ),
    )


ABSORB_NORMS = Pass(
    absorb_norms,
    "batch norms are folded into the layers in front of them",
    after=("drop_identities",),
    phase=Phase.PREDICT,
    requires=(NO_CHOICES,),
)
