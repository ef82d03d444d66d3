"""Batch normalisation folded into the convolutions and linear maps before it.

With running mean m and variance v, batch_norm(y) = s * y + t for each channel, where

    s = weight / sqrt(v + eps)        t = bias - m * s        (weight 1 and bias 0 if not affine)

and for y = W x + b this is (s W) x + (s b + t): the same layer with other weights. Jacob et al.,
arXiv:1712.05877, section 3.2, fold in this way before they quantise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.catalogue import has_trait
from dslnas.ops.primitive import Weight
from dslnas.ops.traits import Trait

Weights: TypeAlias = Mapping[str, NDArray[np.floating[Any]]]
"""Tensors by name: tensor `weight` of node `stem/0_conv` is `stem/0_conv/weight`."""


def fold_batch_norm(
    graph: PrimitiveGraph, weights: Weights
) -> tuple[PrimitiveGraph, dict[str, NDArray[np.float32]]]:
    """Return a network without the batch norms that can be folded; it computes the same function.

    A batch norm is folded if all its channels come straight from convolutions and linear maps that
    nothing else reads and that share their weights with nobody: from one, or from several through
    `concat`. The layers get a bias and keep their names; readers of the batch norm read what it
    read.

    Args:
        graph: A network in evaluation mode, as `inference_graph` returns it.
        weights: At least the tensors of `graph`. The arithmetic is done in float64.

    Returns:
        The graph, and exactly its tensors; nothing that was given changes.
    """
    folding = _Folding(graph, weights)
    for node in graph.nodes:
        folding.add(node)
    return folding.result()


class _Folding:
    def __init__(self, graph: PrimitiveGraph, weights: Weights) -> None:
        self._graph = graph
        self._tensors = {name: weights[name] for name in _tensor_names(graph.nodes)}
        self._nodes: dict[str, Node] = {}
        self._stands_for: dict[str, str] = {}
        read = chain.from_iterable(node.inputs for node in graph.nodes)
        nexts = (state.next for state in graph.states)
        self._readers = Counter(chain(read, graph.outputs, nexts))
        self._users = Counter(chain.from_iterable(node.tensors for node in graph.nodes))

    def add(self, node: Node) -> None:
        """Take the next node of the graph: fold it, or keep it."""
        node = replace(node, inputs=tuple(self._current(source) for source in node.inputs))
        layers = self._layers_of(node.inputs[0]) if node.primitive == "batch_norm" else ()
        if not layers:
            self._nodes[node.name] = node
            return
        scale, offset = _scale_and_offset(node, self._tensors)
        first = 0
        for layer in layers:
            channels = slice(first, first + layer.shape[0])
            first = channels.stop
            self._nodes[layer.name] = _with_bias(layer)
            self._rescale(layer.name, scale[channels], offset[channels])
        self._stands_for[node.name] = node.inputs[0]
        self._readers[node.inputs[0]] = self._readers[node.name]

    def result(self) -> tuple[PrimitiveGraph, dict[str, NDArray[np.float32]]]:
        nodes = tuple(self._nodes.values())
        output, auxiliary = self._current(self._graph.output), self._graph.auxiliary
        tensors = {
            name: np.asarray(self._tensors[name], np.float32) for name in _tensor_names(nodes)
        }
        second = None if auxiliary is None else self._current(auxiliary)
        states = tuple(replace(s, next=self._current(s.next)) for s in self._graph.states)
        graph = replace(self._graph, nodes=nodes, output=output, auxiliary=second, states=states)
        return graph, tensors

    def _current(self, name: str) -> str:
        return self._stands_for.get(name, name)

    def _layers_of(self, name: str) -> tuple[Node, ...]:
        """Return the layers whose outputs, one after another, are the channels of a value.

        There are none if other things make the value, or if anything is used a second time.
        """
        node = self._nodes[name]
        if self._readers[name] != 1:
            return ()
        if has_trait(node.primitive, Trait.SCALABLE):
            return (node,) if all(self._users[key] < 2 for key in node.tensors) else ()
        if node.primitive != "concat":
            return ()
        branches = [self._layers_of(source) for source in node.inputs]
        return tuple(chain.from_iterable(branches)) if all(branches) else ()

    def _rescale(self, layer: str, scale: NDArray[np.float64], offset: NDArray[np.float64]) -> None:
        weight = np.asarray(self._tensors[f"{layer}/weight"], np.float64)
        bias = np.asarray(self._tensors.get(f"{layer}/bias", 0.0), np.float64)
        self._tensors[f"{layer}/weight"] = weight * scale.reshape(-1, *[1] * (weight.ndim - 1))
        self._tensors[f"{layer}/bias"] = bias * scale + offset


def _tensor_names(nodes: Iterable[Node]) -> Iterator[str]:
    return (key for node in nodes for key in node.tensors)


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
