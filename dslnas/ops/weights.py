"""Weights that the catalogue puts together: what a primitive trains, by what it reads."""

from __future__ import annotations

from math import prod

from dslnas.ops.primitive import (
    Attributes,
    Shape,
    Weight,
)
from dslnas.ops.rules import concat_shape
from dslnas.ops.shapes import along, number, pair


def conv_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Kernel of shape (out, in / groups, height, width) and, if asked for, a bias.

    That of a signal is of shape (out, in / groups, length).
    """
    kernel, out = along(attributes["kernel"], len(inputs[0]) - 1), int(number(attributes["out"]))
    shape = (out, inputs[0][0] // int(number(attributes["groups"])), *kernel)
    return _with_bias(attributes, shape)


def separable_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Kernel of shape (in, 1, height, width), and a matrix of shape (out, in, 1, 1)."""
    (kh, kw), channels, out = pair(attributes["kernel"]), inputs[0][0], attributes["out"]
    kernel = Weight("kernel", (channels, 1, kh, kw), fan_in=kh * kw)
    return (kernel, Weight("matrix", (int(number(out)), channels, 1, 1), fan_in=channels))


def linear_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Matrix of shape (out, in) and, unless switched off, a bias."""
    return _with_bias(attributes, (int(number(attributes["out"])), prod(inputs[0])))


def bounded_linear_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Matrix of shape (out, in) whose rows have a bounded norm."""
    shape, bound = (int(number(attributes["out"])), prod(inputs[0])), attributes["bound"]
    return (Weight("weight", shape, fan_in=shape[1], bound=float(number(bound))),)


def embedding_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Table of shape (words, out), which starts like the linear map that may be tied to it."""
    shape = int(number(attributes["words"])), int(number(attributes["out"]))
    has_mean = bool(attributes["unknown"]) and shape[0] > 1
    return (Weight("weight", shape, fan_in=shape[1], has_mean=has_mean),)


def tied_linear_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """The embedding's table of shape (out, in), and a bias that starts at 0."""
    out = int(number(attributes["out"]))
    features = prod(inputs[0])
    return (Weight("weight", (out, features), fan_in=features), Weight("bias", (out,)))


def batch_norm_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Scale and offset if affine, and the running statistics."""
    channels = (inputs[0][0],)
    statistics = (
        Weight("running_mean", channels, trained=False),
        Weight("running_var", channels, fill=1.0, trained=False),
    )
    if not attributes["affine"]:
        return statistics
    return (Weight("weight", channels, fill=1.0), Weight("bias", channels), *statistics)


def normed_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Tensors of the batch norm of a separable convolution, then its own."""
    norm = batch_norm_weights(attributes, inputs)
    return (*norm, *separable_weights(attributes, inputs))


def pointwise_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Matrix of shape (out, in of all inputs, 1, 1)."""
    channels, out = concat_shape(attributes, inputs)[0], int(number(attributes["out"]))
    return (Weight("matrix", (out, channels, 1, 1), fan_in=channels),)


def channel_norm_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Scale and offset of every channel if affine."""
    return _of_channels(inputs) if attributes["affine"] else ()


def scale_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Factor of every channel."""
    return (Weight("weight", inputs[0][:1], fill=float(number(attributes["start"]))),)


def position_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Number from -1 to 1 for every number that is read."""
    return (Weight("weight", inputs[0], fan_in=1),)


def _of_channels(inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    channels = inputs[0][:1]
    return (Weight("weight", channels, fill=1.0), Weight("bias", channels))


def _with_bias(attributes: Attributes, shape: Shape) -> tuple[Weight, ...]:
    fan_in = prod(shape[1:])
    weight = Weight("weight", shape, fan_in=fan_in)
    return (weight, Weight("bias", shape[:1], fan_in=fan_in)) if attributes["bias"] else (weight,)
