"""The table of Python forms: how every primitive of a derived network is written with torch.

`mix` and `drop_path` have no form: they are gone when a network is derived and exported. A `state`
is an argument of its cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

from dslnas.backends.python.class_model import (
    Argument,
    Number,
    Part,
    Piece,
    WeightLocation,
)
from dslnas.graph.graph import Node
from dslnas.ops.activations import ACTIVATIONS, Activation
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import AttributeValue, Shape
from dslnas.ops.traits import Trait

Form = Callable[[Node, Shape], Part]
"""From a node and the shape of its input to the layers that stand for it."""

_FEATURES = Argument("num_features", counts_channels=True, is_positional=True)
_IN = Argument("in_channels", counts_channels=True, is_positional=True)
_OUT = Argument("out_channels", counts_channels=True, is_positional=True)
_IN_FEATURES = Argument("in_features", counts_channels=True, is_positional=True)
_OUT_FEATURES = Argument("out_features", counts_channels=True, is_positional=True)
_KERNEL = Argument("kernel_size", is_positional=True)
_STRIDE = Argument("stride", default=1)
_POOL_STRIDE = Argument("stride")
_PADDING = Argument("padding", default=0)
_DILATION = Argument("dilation", default=1)
_GROUPS = Argument("groups", counts_channels=True, default=1)


def layer_part(node: Node, shape: Shape) -> Part:
    """Return the layers that stand for a node.

    Args:
        node: A node of a primitive in `LAYERS`.
        shape: Shape of its input, without the batch axis.

    Raises:
        ValueError: The primitive has no form, so the graph is not a derived network.
    """
    if node.primitive not in LAYERS:
        raise ValueError(f"`{node.primitive}` has no form in Python: derive the network first")
    return LAYERS[node.primitive](node, shape)


def number(value: AttributeValue) -> Number:
    """Return an attribute as torch is given it: a square pair is one number."""
    return value[0] if isinstance(value, tuple) and value[0] == value[1] else value


def _layer(
    node: Node,
    callee: str,
    *given: tuple[Argument, AttributeValue],
    flags: Mapping[str, bool] | None = None,
) -> Part:
    """Return a single layer; `flags` are those that differ from torch's own."""
    texts = tuple(f"{name}={value}" for name, value in (flags or {}).items())
    piece = Piece(callee, tuple(argument for argument, _ in given), texts)
    return Part(
        (piece,), tuple(number(value) for _, value in given), (WeightLocation(node.name, 0),)
    )


def _conv(node: Node, shape: Shape) -> Part:
    return _layer(
        node,
        "nn.Conv2d",
        (_IN, shape[0]),
        (_OUT, node.attribute("out")),
        (_KERNEL, node.attribute("kernel")),
        (_STRIDE, node.attribute("stride")),
        (_PADDING, node.attribute("padding")),
        (_DILATION, node.attribute("dilation")),
        (_GROUPS, node.attribute("groups")),
        flags={} if node.attribute("bias") else {"bias": False},
    )


def _linear(node: Node, shape: Shape) -> Part:
    linear = _layer(
        node,
        "nn.Linear",
        (_IN_FEATURES, prod(shape)),
        (_OUT_FEATURES, node.attribute("out")),
        flags={} if node.attribute("bias") else {"bias": False},
    )
    return Part((Piece("nn.Flatten"),)) + linear if len(shape) > 1 else linear


def _embedding(node: Node, shape: Shape) -> Part:
    return _layer(
        node,
        "nn.Embedding",
        (Argument("num_embeddings", is_positional=True), node.attribute("words")),
        (Argument("embedding_dim", counts_channels=True, is_positional=True), node.shape[0]),
    )


def _batch_norm(node: Node, shape: Shape) -> Part:
    return _layer(
        node,
        "nn.BatchNorm2d" if len(shape) == 3 else "nn.BatchNorm1d",
        (_FEATURES, shape[0]),
        (Argument("eps", default=1e-5), node.attribute("eps")),
        (Argument("momentum", default=0.1), node.attribute("momentum")),
        flags={} if node.attribute("affine") else {"affine": False},
    )


def _max_pool(node: Node, shape: Shape) -> Part:
    return _layer(
        node,
        "nn.MaxPool2d",
        (_KERNEL, node.attribute("kernel")),
        (_POOL_STRIDE, node.attribute("stride")),
        (_PADDING, node.attribute("padding")),
    )


def _avg_pool(node: Node, shape: Shape) -> Part:
    padding = node.attribute("padding")
    return _layer(
        node,
        "nn.AvgPool2d",
        (_KERNEL, node.attribute("kernel")),
        (_POOL_STRIDE, node.attribute("stride")),
        (_PADDING, padding),
        flags={} if padding == (0, 0) else {"count_include_pad": False},
    )


def _global_avg_pool(node: Node, shape: Shape) -> Part:
    return _layer(node, "nn.AdaptiveAvgPool2d", (Argument("output_size", is_positional=True), 1))


def _activated(activation: Activation) -> Form:
    arguments = (Argument(each.name, is_positional=True) for each in activation.arguments)
    return _with(activation.layer, *arguments)


def _with(callee: str, *arguments: Argument) -> Form:
    """A layer that takes attributes of the primitive."""
    return lambda node, shape: _layer(
        node, callee, *((argument, node.attribute(argument.name)) for argument in arguments)
    )


HAND_ON = tuple(
    primitive.name
    for primitive in PRIMITIVES.values()
    if primitive.has(Trait.INFERENCE_IDENTITY) and not primitive.has(Trait.DRAWS_FACTOR)
)
"""Primitives that hand on their input; the masks of recurrent networks belong to their training."""

LAYERS: Mapping[str, Form] = {
    "conv": _conv,
    "linear": _linear,
    "embedding": _embedding,
    "tied_linear": lambda node, shape: _layer(
        node, "TiedLinear", (Argument("out_features", is_positional=True), node.shape[0])
    ),
    "batch_norm": _batch_norm,
    "max_pool2d": _max_pool,
    "avg_pool2d": _avg_pool,
    "global_avg_pool": _global_avg_pool,
    "shift": _with("Shift", Argument("pixels", is_positional=True)),
    **{name: _activated(activation) for name, activation in ACTIVATIONS.items()},
    "dropout": _with("nn.Dropout", Argument("rate", is_positional=True)),
    "zero": _with("Zero", _STRIDE),
    "split": _with("Split", Argument("parts"), Argument("index")),
    "shuffle": _with("nn.ChannelShuffle", Argument("groups", is_positional=True)),
}
"""Primitives that read one value, as layers."""

JOINS: Mapping[str, str] = {
    "add": " + ",
    "subtract": " - ",
    "multiply": " * ",
    "mean": " + ",
    "concat": ", ",
}
"""Primitives that read several values, with the text between these in an expression."""

HELPERS = ("Shift", "Split", "TiedLinear", "Zero")
"""Layers that torch does not have; a module defines those that it uses."""
