"""The table of Python forms: how every primitive of a derived network is written with torch.

`mix` and `drop_path` have no form: they are gone when a network is derived and exported. A `state`
is an argument of its cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from math import prod
from typing import TypeAlias

from dslnas.backends.python.class_model import Argument, Layer, Layers, Number
from dslnas.graph.graph import Node
from dslnas.ops.activations import ACTIVATIONS
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import AttributeValue, Shape
from dslnas.ops.traits import Trait

Form: TypeAlias = Callable[[Node, Shape], Layers]
"""From a node and the shape of its input to the layers that stand for it."""


def layers_of(node: Node, shape: Shape) -> Layers:
    """Return the layers that stand for a node that reads one value of a shape.

    Raises:
        ValueError: The primitive has no form, so the graph is not a derived network.
    """
    if node.primitive not in LAYERS:
        raise ValueError(f"`{node.primitive}` has no form in Python: derive the network first")
    return LAYERS[node.primitive](node, shape)


def _form(
    callee: str,
    attributes: Mapping[str, Argument],
    *,
    reads: Argument | None = None,
    without: str = "",
) -> Form:
    """Return the form of a layer whose arguments are attributes of the primitive, by their names.

    The argument `reads` stands in front and says how many channels it reads; `without` is a flag
    that torch's layer has, so that only its absence is written.
    """

    @lru_cache(maxsize=256)  # a network has few different layers
    def made(values: tuple[tuple[str, AttributeValue], ...], channels: int) -> Layer:
        own = dict(values)
        given = [] if reads is None else [replace(reads, value=channels)]
        for name, argument in attributes.items():
            given.append(replace(argument, value=_number(own[name])))
        is_usual = not without or bool(own[without])
        flags = () if is_usual else (f"{without}=False",)
        return Layer(callee, tuple(given), flags)

    def form(node: Node, shape: Shape) -> Layers:
        layer = made(node.attributes, shape[0] if shape else 0)
        return (replace(layer, keys=((node.name, ""),)),)

    return form


def _number(value: AttributeValue) -> Number:
    """Return an attribute as torch is given it: a square pair is one number."""
    return value[0] if isinstance(value, tuple) and value[0] == value[1] else value


def _first(name: str) -> Argument:
    """Return an argument that is written without its name."""
    return Argument(name, is_positional=True)


def _channels(name: str) -> Argument:
    """Return such an argument that counts channels."""
    return Argument(name, counts_channels=True, is_positional=True)


_KERNEL = _first("kernel_size")
_STRIDE = Argument("stride", default=1)
_PADDING = Argument("padding", default=0)
_WINDOW = {"kernel": _KERNEL, "stride": Argument("stride"), "padding": _PADDING}


_NORM = {"eps": Argument("eps", default=1e-5), "momentum": Argument("momentum", default=0.1)}
_CONV = {
    "out": _channels("out_channels"),
    "kernel": _KERNEL,
    "stride": _STRIDE,
    "padding": _PADDING,
    "dilation": Argument("dilation", default=1),
    "groups": Argument("groups", counts_channels=True, default=1),
}


_LINEAR = _form("nn.Linear", {"out": _channels("out_features")}, reads=_channels("in_features"))


def _linear(node: Node, shape: Shape) -> Layers:
    (linear,) = _LINEAR(node, (prod(shape),))
    if not any(weight.name == "bias" for weight in node.weights):
        linear = replace(linear, flags=("bias=False",))
    return (Layer("nn.Flatten"), linear) if len(shape) > 1 else (linear,)


def _entries(node: Node, shape: Shape) -> Layers:
    entries = (Layer("nn.Unflatten", flags=("1", "(1, -1, 1)")),)
    return (Layer("nn.Flatten"), *entries) if len(shape) > 1 else entries


def _by_rank(callee: str, form: Callable[[str], Form]) -> Form:
    """Return the form of a layer whose name ends in the number of axes behind the channels."""
    images, signals = form(f"{callee}2d"), form(f"{callee}1d")

    def either(node: Node, shape: Shape) -> Layers:
        if len(shape) == 3:
            return images(node, shape)
        pairs = (
            (name, value[1:] * 2 if isinstance(value, tuple) else value)
            for name, value in node.attributes
        )
        return signals(replace(node, attributes=tuple(pairs)), shape)

    return either


def _conv(callee: str) -> Form:
    return _form(callee, _CONV, reads=_channels("in_channels"), without="bias")


def _batch_norm(callee: str) -> Form:
    return _form(callee, _NORM, reads=_channels("num_features"), without="affine")


def _global_pool(node: Node, shape: Shape) -> Layers:
    return (Layer(f"nn.AdaptiveAvgPool{len(shape) - 1}d", flags=("1",)),)


def _group_norm(node: Node, shape: Shape) -> Layers:
    channels = {"groups": _first("num_groups"), "eps": _NORM["eps"]}
    (norm,) = _form("nn.GroupNorm", channels, without="affine")(node, shape)
    groups, eps = norm.arguments
    return (
        replace(norm, arguments=(groups, replace(_channels("num_channels"), value=shape[0]), eps)),
    )


def _reshape(node: Node, shape: Shape) -> Layers:
    flat = () if len(shape) == 1 else (Layer("nn.Flatten"),)
    if len(node.shape) == 1:
        return flat or (Layer("nn.Identity"),)
    return (*flat, Layer("nn.Unflatten", flags=("1", str(node.shape))))


def _avg_pool(callee: str) -> Form:
    form = _form(callee, _WINDOW)
    return lambda node, shape: _counting_no_padding(node, form(node, shape))


def _counting_no_padding(node: Node, layers: Layers) -> Layers:
    (layer,) = layers
    is_padded = node.attribute("padding") != (0, 0)
    return (replace(layer, flags=("count_include_pad=False",)) if is_padded else layer,)


HAND_ON = tuple(
    primitive.name
    for primitive in PRIMITIVES.values()
    if primitive.has(Trait.INFERENCE_IDENTITY) and not primitive.has(Trait.DRAWS_FACTOR)
)
"""Primitives that hand on their input; the masks of recurrent networks belong to their training."""

LAYERS: Mapping[str, Form] = {
    "conv": _by_rank("nn.Conv", _conv),
    "linear": _linear,
    "bounded_linear": _linear,
    "embedding": _form(
        "nn.Embedding", {"words": _first("num_embeddings"), "out": _channels("embedding_dim")}
    ),
    "tied_linear": _form("TiedLinear", {"out": _first("out_features")}),
    "batch_norm": _by_rank("nn.BatchNorm", _batch_norm),
    "layer_norm": _form(
        "ChannelNorm", {"eps": _NORM["eps"]}, reads=_channels("channels"), without="affine"
    ),
    "group_norm": _group_norm,
    "scale": _form("Scale", {}, reads=_channels("channels")),
    "position": lambda node, shape: (
        Layer("Position", (replace(_first("shape"), value=shape),), keys=((node.name, ""),)),
    ),
    "max_pool2d": _by_rank("nn.MaxPool", lambda callee: _form(callee, _WINDOW)),
    "avg_pool2d": _by_rank("nn.AvgPool", _avg_pool),
    "global_avg_pool": _global_pool,
    "upsample": _form("nn.Upsample", {"factor": Argument("scale_factor")}),
    "reshape": _reshape,
    "transpose": _form("Transpose", {"first": _first("first"), "second": _first("second")}),
    "softmax": _form("nn.Softmax", {"axis": Argument("dim")}),
    "rescale": _form("Rescale", {"factor": _first("factor"), "offset": Argument("offset")}),
    "shift": _form("Shift", {"pixels": _first("pixels")}),
    **{
        name: _form(
            activation.layer, {each.name: _first(each.name) for each in activation.arguments}
        )
        for name, activation in ACTIVATIONS.items()
    },
    "dropout": _form("nn.Dropout", {"rate": _first("rate")}),
    "flatten": lambda node, shape: (Layer("nn.Flatten"),),
    "entries": _entries,
    "zero": _form("Zero", {"stride": _STRIDE}),
    "split": _form("Split", {"parts": Argument("parts"), "index": Argument("index")}),
    "shuffle": _form("nn.ChannelShuffle", {"groups": _first("groups")}),
}
"""Primitives that read one value, as layers."""

HELPERS = (
    *("ChannelNorm", "Position", "Rescale", "Scale", "Shift", "Split", "TiedLinear"),
    *("Transpose", "Zero"),
)
"""Layers that torch does not have; a module defines those that it uses."""
