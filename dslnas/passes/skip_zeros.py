"""Dead code of prediction: zeros add nothing to a sum.

n1 = add n1_in1, n1_in2/zero, n1_in3      =>      n1 = add n1_in1, n1_in3

Readers of a sum of one value read that value.
"""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.analysis.dependence import zeros
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.verify import NO_CHOICES
from dslnas.passes.rewrite import Pass, Phase


def skip_zeros(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which no sum reads zeros."""
    nothing = zeros(graph)
    stands: dict[str, str] = {}
    nodes = []
    for node in graph.nodes:
        left = tuple(name for name in node.inputs if name not in nothing) or node.inputs[:1]
        if node.primitive == "add" and len(left) == 1:
            stands[node.name] = stands.get(left[0], left[0])
        is_shorter = node.primitive == "add" and left != node.inputs
        nodes.append(replace(node, inputs=left) if is_shorter else node)
    return without_unread(replace(graph, nodes=tuple(nodes)).without(stands))


SKIP_ZEROS = Pass(
    skip_zeros,
    "sums are without zeros",
    after=("drop_identities",),
    phase=Phase.PREDICT,
    requires=(NO_CHOICES,),
)
