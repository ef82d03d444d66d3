"""The weights of layers that absorb the batch norms behind them.

With running mean m and variance v, batch_norm(y) = s * y + t for each channel, where

    s = weight / sqrt(v + eps)        t = bias - m * s        (weight 1 and bias 0 if not affine)

and for y = W x + b this is (s W) x + (s b + t): the same layer with other weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dslnas.graph.analysis.scalable import absorbed_norms, layers_in_front, shared_tensors
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.primitive import Weight

Weights: TypeAlias = Mapping[str, NDArray[np.floating[Any]]]
"""Tensors by name: tensor `weight` of node `stem/0_conv` is `stem/0_conv/weight`."""


Tensors: TypeAlias = dict[str, NDArray[np.float32]]
"""The same, as they are written."""


def folded(graph: PrimitiveGraph, weights: Weights) -> tuple[PrimitiveGraph, Tensors]:
    """Return a network without absorbed norms, and exactly its tensors; it computes the same.

    The layers in front of them get a bias and keep their names; readers of a norm read what it
    read. The graph is as the pass `absorb_norms` leaves it; arithmetic is done in float64.
    """
    tensors = {name: weights[name] for name in graph.tensors}
    absorbed, shared = absorbed_norms(graph), shared_tensors(graph)
    nodes = dict(graph.by_name)
    stands: dict[str, str] = {}
    for node in graph.nodes:
        if node.name in absorbed:
            (source,) = node.inputs
            layers = layers_in_front(graph, source, absorbed, shared)
            _rescale(layers, *_scale_and_offset(node, tensors), tensors)
            nodes.update((layer.name, _with_bias(nodes[layer.name])) for layer in layers)
            stands[node.name] = stands.get(source, source)
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
        weight = np.asarray(tensors[f"{layer.name}/weight"], np.float64)
        bias = np.asarray(tensors.get(f"{layer.name}/bias", 0.0), np.float64)
        by_output = scale[channels].reshape(-1, *[1] * (weight.ndim - 1))
        tensors[f"{layer.name}/weight"] = weight * by_output
        tensors[f"{layer.name}/bias"] = bias * scale[channels] + offset[channels]


def _scale_and_offset(
    node: Node, tensors: Weights
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return s and t of a batch norm, one number per channel."""
    own = {
        weight.name: np.asarray(tensors[key], np.float64)
        for key, weight in zip(node.tensors, node.weights, strict=True)
    }
    eps = node.attribute("eps")
    assert isinstance(eps, float)
    scale = own.get("weight", 1.0) / np.sqrt(own["running_var"] + eps)
    return scale, own.get("bias", 0.0) - own["running_mean"] * scale


def _with_bias(layer: Node) -> Node:
    if layer.attribute("bias"):
        return layer
    kernel = layer.weights[0]
    attributes = tuple((key, True if key == "bias" else value) for key, value in layer.attributes)
    bias = Weight("bias", kernel.shape[:1], fan_in=kernel.fan_in)
    return replace(layer, attributes=attributes, weights=(kernel, bias))
