"""The weights of layers that absorb the batch norms behind them.

With running mean m and variance v, batch_norm(y) = s * y + t for each channel, where

    s = weight / sqrt(v + eps)        t = bias - m * s        (weight 1 and bias 0 if not affine)

and for y = W x + b this is (s W) x + (s b + t): the same layer with other weights. Factors of
channels, learned or not, are folded alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dslnas.graph.analysis.scalable import absorbed_norms, layers_in_front, shared_tensors
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.catalogue import has_trait
from dslnas.ops.primitive import Weight
from dslnas.ops.traits import Trait

Weights: TypeAlias = Mapping[str, NDArray[np.floating[Any]]]
"""Tensors by name: tensor `weight` of node `stem/0_conv` is `stem/0_conv/weight`."""


_Exact: TypeAlias = NDArray[np.float64]

Tensors: TypeAlias = dict[str, NDArray[np.float32]]
"""The same, as they are written."""


def folded(graph: PrimitiveGraph, weights: Weights) -> tuple[PrimitiveGraph, Tensors]:
    """Return a network without what the layers in front can do, and exactly its tensors.

    Those layers get a bias and keep their names; readers of a norm read what it read. The graph is
    as the pass `absorb_norms` leaves it, and scales are folded like its norms; arithmetic is done
    in float64.
    """
    tensors = {name: weights[name] for name in graph.tensors}
    absorbed, shared = set(absorbed_norms(graph)), shared_tensors(graph)
    nodes = dict(graph.by_name)
    stands: dict[str, str] = {}
    for node in graph.nodes:
        if node.name not in absorbed and not has_trait(node.primitive, Trait.AFFINE):
            continue
        (source,) = node.inputs
        layers = layers_in_front(graph, source, absorbed, shared)
        scale, offset = scale_and_offset(node, [tensors[key] for key in node.tensors])
        does_nothing = not node.tensors and bool(np.all(scale == 1) and np.all(offset == 0))
        if layers or does_nothing:
            absorbed.add(node.name)
            stands[node.name] = stands.get(source, source)
            _rescale(layers, scale, offset, tensors)
            nodes.update((layer.name, _with_bias(nodes[layer.name])) for layer in layers)
    result = replace(graph, nodes=tuple(nodes.values())).without(stands)
    return result, {name: np.asarray(tensors[name], np.float32) for name in result.tensors}


def _rescale(
    layers: Iterable[Node],
    scale: NDArray[np.float64],
    offset: NDArray[np.float64],
    tensors: dict[str, NDArray[np.floating[Any]]],
) -> None:
    """Give layers the weights of scaled outputs; each has its part of the channels."""
    first = 0
    for layer in layers:
        channels = slice(first, first + layer.shape[0])
        first = channels.stop
        weight = tensors[f"{layer.name}/weight"]
        bias = tensors.get(f"{layer.name}/bias", 0.0)
        by_output = scale[channels].reshape(-1, *[1] * (weight.ndim - 1))
        tensors[f"{layer.name}/weight"] = weight * by_output
        tensors[f"{layer.name}/bias"] = bias * scale[channels] + offset[channels]


def scale_and_offset(
    node: Node, arrays: Iterable[NDArray[np.floating[Any]]]
) -> tuple[_Exact, _Exact]:
    """Return s and t of a norm or a scale, for each channel, from the arrays of its tensors."""
    names = (weight.name for weight in node.weights)
    own = {name: np.asarray(array, np.float64) for name, array in zip(names, arrays, strict=True)}
    channels = np.ones(node.shape[0])
    if node.primitive == "rescale":
        return _number(node, "factor") * channels, _number(node, "offset") * channels
    if node.primitive == "scale":
        return own["weight"], 0 * channels
    scale = own.get("weight", channels) / np.sqrt(own["running_var"] + _number(node, "eps"))
    return scale, own.get("bias", 0.0) - own["running_mean"] * scale


def _number(node: Node, attribute: str) -> float:
    value = node.attribute(attribute)
    assert isinstance(value, float)
    return value


def _with_bias(layer: Node) -> Node:
    if layer.attribute("bias"):
        return layer
    kernel = layer.weights[0]
    attributes = tuple((key, True if key == "bias" else value) for key, value in layer.attributes)
    bias = Weight("bias", kernel.shape[:1], fan_in=kernel.fan_in)
    return replace(layer, attributes=attributes, weights=(kernel, bias))
