"""Separable convolutions: a depthwise one and the one of single pixels behind it run as one.

x/1_conv = conv(kernel=3, out=8, groups=8) x/0_relu     =>      x/2_conv = separable_conv(kernel=3,
x/2_conv = conv(kernel=1, out=8) x/1_conv                           out=8) x/0_relu

What lies between the two is neither written nor kept; both weights stay where they are.
"""

from __future__ import annotations

from dataclasses import replace

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.passes.pattern import Op, Value, match
from dslnas.passes.rewrite import Pass


def is_pointwise(node: Node) -> bool:
    """Say whether a convolution is one of single pixels: a product of them and a matrix."""
    stays = node.attribute("stride") == (1, 1) and node.attribute("padding") == (0, 0)
    return stays and _is_simple(node, 1) and node.attribute("kernel") == (1, 1)


def _is_depthwise(node: Node) -> bool:
    one_channel_each = node.weights[0].shape[1] == 1
    return one_channel_each and _is_simple(node, node.shape[0])


def _is_simple(node: Node, groups: int) -> bool:
    is_of_images = len(node.shape) == 3
    return is_of_images and node.attribute("groups") == groups and not node.attribute("bias")


_DEPTHWISE = Op(("conv",), (Value("x"),), where=_is_depthwise)
_POINTWISE = Op(("conv",), (_DEPTHWISE,), where=is_pointwise)


def separable(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which a convolution of pixels takes over the depthwise one it alone reads.

    Neither of them may have a bias.
    """

    def joined(node: Node) -> Node:
        found = match(graph, node, _POINTWISE)
        return node if found is None else _joined(found.nodes[_DEPTHWISE][0], node)

    return without_unread(replace(graph, nodes=tuple(map(joined, graph.nodes))))


def _joined(first: Node, second: Node) -> Node:
    names = "kernel", "matrix"
    weights = tuple(
        replace(weight, name=name)
        for name, weight in zip(names, first.weights + second.weights, strict=True)
    )
    kept = {name: value for name, value in first.attributes if name not in ("groups", "bias")}
    return replace(
        second,
        primitive="separable_conv",
        inputs=first.inputs,
        attributes=tuple({**kept, "out": second.shape[0], "relu": False, "bundle": 0}.items()),
        weights=weights,
        borrowed=tuple(zip(names, first.tensors + second.tensors, strict=True)),
    )


SEPARABLE = Pass(
    separable,
    "a depthwise convolution and the pixelwise one behind it run as one",
    keeps_choices=True,
    loops="separable_conv",
)
