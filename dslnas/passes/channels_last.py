"""Layout: images with their channels innermost in memory.

stem/0_conv = conv(kernel=3) input      =>      input/channels_last = channels_last input
                                                stem/0_conv = conv(kernel=3) input/channels_last

Every layer hands the layout on, so only the images are rearranged. A depthwise or pointwise
convolution then reads and writes whole vectors of channels.
"""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.graph import INPUT, Node, PrimitiveGraph
from dslnas.passes.rewrite import Pass

_NAME = f"{INPUT}/channels_last"


def channels_last(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph that rearranges the images first; one that reads no images stays as it is."""
    shape = graph.input_shape
    if len(shape) != 3 or _NAME in graph.by_name:
        return graph

    def behind(name: str) -> str:
        return _NAME if name == INPUT else name

    first, *others = graph.nodes
    layout = Node(_NAME, "channels_last", (first.name,), (), shape)
    rest = (replace(node, inputs=tuple(map(behind, node.inputs))) for node in others)
    return replace(graph, nodes=(first, layout, *rest))


CHANNELS_LAST = Pass(
    channels_last, "images with their channels innermost in memory", keeps_choices=True
)
