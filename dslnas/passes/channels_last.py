"""Layout: images with their channels innermost in memory.

stem/0_conv = conv(kernel=3) input      =>      input/channels_last = channels_last input
                                                stem/0_conv = conv(kernel=3) input/channels_last

Every layer hands the layout on, so only the images are rearranged. A depthwise or pointwise
convolution then reads and writes whole vectors of channels.
"""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.passes.rewrite import Pass

_NAME = "channels_last"


def channels_last(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph that rearranges the images first; one that reads no images stays as it is."""
    behind = {
        node.name: f"{node.name}/{_NAME}"
        for node in graph.inputs.values()
        if len(node.shape) == 3 and f"{node.name}/{_NAME}" not in graph.by_name
    }
    inputs, others = graph.nodes[: len(graph.inputs)], graph.nodes[len(graph.inputs) :]
    layouts = (
        Node(behind[node.name], _NAME, (node.name,), (), node.shape)
        for node in inputs
        if node.name in behind
    )
    rest = (
        replace(node, inputs=tuple(behind.get(name, name) for name in node.inputs))
        for node in others
    )
    return replace(graph, nodes=(*inputs, *layouts, *rest)) if behind else graph


CHANNELS_LAST = Pass(
    channels_last, "images with their channels innermost in memory", keeps_choices=True
)
