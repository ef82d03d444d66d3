"""The table of Python forms: how every primitive of a derived network is written with torch.

`mix` and `drop_path` have no form: they are gone when a network is derived and exported. A `state`
is an argument of its cell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from math import prod

from dslnas.backends.python.class_model import Argument, Layer, Layers
from dslnas.graph.graph import Node
from dslnas.ops.activations import ACTIVATIONS, Activation
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import AttributeValue, Shape
from dslnas.ops.traits import Trait

Form = Callable[[Node, Shape], Layers]
"""From a node and the shape of its input to the layers that stand for it."""


def _first(name: str) -> Argument:
    """Return an argument that is written without its name."""
    return Argument(name, is_positional=True)


def _channels(name: str) -> Argument:
    """Return such an argument that counts channels."""
    return Argument(name, counts_channels=True, is_positional=True)


_FEATURES = _channels("num_features")
_IN, _OUT = _channels("in_channels"), _channels("out_channels")
_IN_FEATURES, _OUT_FEATURES = _channels("in_features"), _channels("out_features")
_KERNEL = _first("kernel_size")
_STRIDE = Argument("stride", default=1)
_PADDING = Argument("padding", default=0)
_DILATION = Argument("dilation", default=1)
_GROUPS = Argument("groups", counts_channels=True, default=1)
_WINDOW = {"kernel": _KERNEL, "stride": Argument("stride"), "padding": _PADDING}


def layers_of(node: Node, shape: Shape) -> Layers:
    """Return the layers that stand for a node that reads one value of a shape.

    Raises:
        ValueError: The primitive has no form, so the graph is not a derived network.
    """
    if node.primitive not in LAYERS:
        raise ValueError(f"`{node.primitive}` has no form in Python: derive the network first")
    return LAYERS[node.primitive](node, shape)


def _layer(
    node: Node, callee: str, *given: tuple[Argument, AttributeValue], flag: str = ""
) -> Layers:
    """Return a single layer; `flag` is what differs from torch's own."""
    # A square pair is one number.
    arguments = tuple(
        replace(argument, value=v[0] if isinstance(v, tuple) and v[0] == v[1] else v)
        for argument, v in given
    )
    return (Layer(callee, arguments, (flag,) if flag else (), ((node.name, ""),)),)


def _given(node: Node, **arguments: Argument) -> Iterator[tuple[Argument, AttributeValue]]:
    """Yield arguments that are attributes of the primitive, by the names of these."""
    return ((argument, node.attribute(name)) for name, argument in arguments.items())


def _with(callee: str, **arguments: Argument) -> Form:
    """Return the form of a layer that takes attributes of the primitive."""
    return lambda node, shape: _layer(node, callee, *_given(node, **arguments))


def _conv(node: Node, shape: Shape) -> Layers:
    given = _given(
        node,
        out=_OUT,
        kernel=_KERNEL,
        stride=_STRIDE,
        padding=_PADDING,
        dilation=_DILATION,
        groups=_GROUPS,
    )
    flag = "" if node.attribute("bias") else "bias=False"
    return _layer(node, "nn.Conv2d", (_IN, shape[0]), *given, flag=flag)


def _linear(node: Node, shape: Shape) -> Layers:
    flag = "" if node.attribute("bias") else "bias=False"
    given = ((_IN_FEATURES, prod(shape)), (_OUT_FEATURES, node.attribute("out")))
    linear = _layer(node, "nn.Linear", *given, flag=flag)
    return (Layer("nn.Flatten"), *linear) if len(shape) > 1 else linear


def _batch_norm(node: Node, shape: Shape) -> Layers:
    return _layer(
        node,
        "nn.BatchNorm2d" if len(shape) == 3 else "nn.BatchNorm1d",
        (_FEATURES, shape[0]),
        *_given(
            node, eps=Argument("eps", default=1e-5), momentum=Argument("momentum", default=0.1)
        ),
        flag="" if node.attribute("affine") else "affine=False",
    )


def _avg_pool(node: Node, shape: Shape) -> Layers:
    flag = "" if node.attribute("padding") == (0, 0) else "count_include_pad=False"
    return _layer(node, "nn.AvgPool2d", *_given(node, **_WINDOW), flag=flag)


def _activated(activation: Activation) -> Form:
    return _with(
        activation.layer, **{each.name: _first(each.name) for each in activation.arguments}
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
    "embedding": lambda node, shape: _layer(
        node,
        "nn.Embedding",
        (_first("num_embeddings"), node.attribute("words")),
        (_channels("embedding_dim"), node.shape[0]),
    ),
    "tied_linear": lambda node, shape: _layer(
        node, "TiedLinear", (_first("out_features"), node.shape[0])
    ),
    "batch_norm": _batch_norm,
    "max_pool2d": _with("nn.MaxPool2d", **_WINDOW),
    "avg_pool2d": _avg_pool,
    "global_avg_pool": lambda node, shape: _layer(
        node, "nn.AdaptiveAvgPool2d", (_first("output_size"), 1)
    ),
    "shift": _with("Shift", pixels=_first("pixels")),
    **{name: _activated(activation) for name, activation in ACTIVATIONS.items()},
    "dropout": _with("nn.Dropout", rate=_first("rate")),
    "zero": _with("Zero", stride=_STRIDE),
    "split": _with("Split", parts=Argument("parts"), index=Argument("index")),
    "shuffle": _with("nn.ChannelShuffle", groups=_first("groups")),
}
"""Primitives that read one value, as layers."""

HELPERS = ("Shift", "Split", "TiedLinear", "Zero")
"""Layers that torch does not have; a module defines those that it uses."""
