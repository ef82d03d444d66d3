"""Start of every model: the graph that predicts, checked, and its tensors."""

from __future__ import annotations

import numpy as np

from dslnas.backends.onnx.fold import Tensors, Weights, folded
from dslnas.diagnostics import user_error
from dslnas.graph.graph import PrimitiveGraph
from dslnas.passes.manager import PREDICTING, optimised

MAX_BYTES = 2**31 - 1
"""A file is one protobuf message, and no message is larger."""

# Generous: a node with its name, inputs and sizes takes 300 to 800 bytes.
_BYTES_PER_NODE = 2_000


def prepare(graph: PrimitiveGraph, weights: Weights) -> tuple[PrimitiveGraph, Tensors]:
    """Return the part of a network that predicts, with batch norms folded, and its tensors.

    Raises:
        UserError: NAS712 if a model of it is larger than a file can be.
        ValueError: The graph has choices left, or tensors are missing or of another shape.
    """
    _check_choices(graph)
    graph = optimised(graph, PREDICTING)
    _check_size(graph)
    _check_weights(graph, weights)
    return folded(graph, weights)


def _check_choices(graph: PrimitiveGraph) -> None:
    for node in graph.nodes:
        if node.mix is not None:
            raise ValueError(f"`{node.name}` is a choice: derive an architecture first")


def _check_size(graph: PrimitiveGraph) -> None:
    """Refuse a model before gigabytes are written for it in vain."""
    numbers = sum(weight.size for weight in graph.tensors.values())
    size = numbers * np.dtype(np.float32).itemsize + len(graph.nodes) * _BYTES_PER_NODE
    if size > MAX_BYTES:
        raise user_error(
            "NAS712",
            f"an ONNX file holds at most {MAX_BYTES:,} bytes, but this model has {size:,}",
            help="use fewer `channels` or `repeat` less in `evaluate`, or export `python` only",
        )


def _check_weights(graph: PrimitiveGraph, weights: Weights) -> None:
    for key, weight in graph.tensors.items():
        if key not in weights:
            raise ValueError(f"tensor `{key}` is missing")
        if weights[key].shape != weight.shape:
            raise ValueError(f"tensor `{key}` is {weights[key].shape}, not {weight.shape}")
