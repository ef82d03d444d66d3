"""Shape rules and weights that the catalogue puts together."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from dslnas.ops.primitive import (
    Attributes,
    AttributeValue,
    Example,
    InputShape,
    Shape,
    ShapeError,
    Token,
    Weight,
)


def pair(value: AttributeValue) -> tuple[int, int]:
    """Return an attribute of kind PAIR."""
    assert isinstance(value, tuple)
    return value


def image(inputs: tuple[Shape, ...], what: str) -> tuple[int, int, int]:
    """Return the single input as (channels, height, width)."""
    (shape,) = inputs
    if len(shape) != 3:
        raise ShapeError(f"`{what}` reads images, but its input has shape {show_shape(shape)}")
    return shape[0], shape[1], shape[2]


def show_shape(shape: InputShape) -> str:
    """Return a shape as the language writes it: `3 x 32 x 32`, `token`, or `token(500)`."""
    if isinstance(shape, Token):
        return f"token({shape.words})"
    return " x ".join(str(n) for n in shape) or "token"


def show_example(example: Example) -> str:
    """Return what a network reads as the language writes it: a shape, or several by name."""
    if isinstance(example, Mapping):
        return ", ".join(f"{name}: {show_shape(shape)}" for name, shape in example.items())
    return show_shape(example)


def window(attributes: Attributes, height: int, width: int, what: str) -> tuple[int, int]:
    """Return the output size of a sliding window: floor((n + 2p - d(k-1) - 1) / s) + 1."""
    kernel, stride = pair(attributes["kernel"]), pair(attributes["stride"])
    padding = pair(attributes["padding"])
    dilation = pair(attributes.get("dilation", (1, 1)))
    sizes = []
    for n, k, s, p, d in zip((height, width), kernel, stride, padding, dilation, strict=True):
        reach = d * (k - 1) + 1
        if n + 2 * p < reach:
            raise ShapeError(
                f"the window of `{what}` spans {reach} pixels, "
                f"but its input has {n} and padding {p}",
                "use a smaller kernel, or more padding",
            )
        sizes.append((n + 2 * p - reach) // s + 1)
    return sizes[0], sizes[1]


def conv_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of a convolution."""
    channels, height, width = image(inputs, "conv")
    out, groups = int(_number(attributes["out"])), int(_number(attributes["groups"]))
    for name, count in (("input", channels), ("output", out)):
        if count % groups:
            raise ShapeError(
                f"`conv` has {groups} groups, which do not divide its {count} {name} channels",
                f"choose `groups` among the divisors of {count}",
            )
    return (out, *window(attributes, height, width, "conv"))


def conv_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Kernel of shape (out, in / groups, height, width) and, if asked for, a bias."""
    (kh, kw), out = pair(attributes["kernel"]), int(_number(attributes["out"]))
    shape = (out, inputs[0][0] // int(_number(attributes["groups"])), kh, kw)
    return _with_bias(attributes, shape)


def separable_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of a depthwise convolution and the one of single pixels behind it."""
    _, height, width = image(inputs, "separable_conv")
    window_size = window(attributes, height, width, "separable_conv")
    return (int(_number(attributes["out"])), *window_size)


def separable_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Kernel of shape (in, 1, height, width), and a matrix of shape (out, in, 1, 1)."""
    (kh, kw), channels, out = pair(attributes["kernel"]), inputs[0][0], attributes["out"]
    kernel = Weight("kernel", (channels, 1, kh, kw), fan_in=kh * kw)
    return (kernel, Weight("matrix", (int(_number(out)), channels, 1, 1), fan_in=channels))


def out_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of `out` features, whatever is read."""
    return (int(_number(attributes["out"])),)


def linear_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Matrix of shape (out, in) and, unless switched off, a bias."""
    return _with_bias(attributes, (int(_number(attributes["out"])), prod(inputs[0])))


def bounded_linear_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Matrix of shape (out, in) whose rows have a bounded norm."""
    shape, bound = (int(_number(attributes["out"])), prod(inputs[0])), attributes["bound"]
    return (Weight("weight", shape, fan_in=shape[1], bound=float(_number(bound))),)


def embedding_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of a table of words: one row."""
    if inputs[0] != ():
        raise ShapeError(
            f"`embedding` reads tokens, but its input has shape {show_shape(inputs[0])}",
            "use it in the `stem` of a network for text, and only there",
        )
    return out_shape(attributes, inputs)


def embedding_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Table of shape (words, out), which starts like the linear map that may be tied to it."""
    shape = int(_number(attributes["words"])), int(_number(attributes["out"]))
    has_mean = bool(attributes["unknown"]) and shape[0] > 1
    return (Weight("weight", shape, fan_in=shape[1], has_mean=has_mean),)


def tied_linear_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """The embedding's table of shape (out, in), and a bias that starts at 0."""
    out = int(_number(attributes["out"]))
    features = prod(inputs[0])
    return (Weight("weight", (out, features), fan_in=features), Weight("bias", (out,)))


def vector_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output like the single input, which is a vector."""
    if len(inputs[0]) != 1:
        raise ShapeError(
            f"variational dropout reads vectors, but its input has shape {show_shape(inputs[0])}"
        )
    return inputs[0]


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


def pool_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of a pooling window, which may not lie in the padding alone."""
    channels, height, width = image(inputs, "pool")
    for k, p in zip(pair(attributes["kernel"]), pair(attributes["padding"]), strict=True):
        if p > k // 2:
            raise ShapeError(
                f"padding {p} of a pool is more than half of its window of {k} pixels",
                f"use a padding of at most {k // 2}",
            )
    return (channels, *window(attributes, height, width, "pool"))


def zero_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of a strided zero: ceil(n / s); a vector keeps its size."""
    if len(inputs[0]) == 1:
        return inputs[0]
    channels, height, width = image(inputs, "zero")
    sh, sw = pair(attributes["stride"])
    return (channels, -(-height // sh), -(-width // sw))


def highway_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of gates: like the states, of which the product has twice the size."""
    product, state = inputs
    if len(state) != 1 or product != (2 * state[0],):
        raise ShapeError(
            "`highway_gate` reads a product of twice the size of its states, "
            f"not {show_shape(product)} and {show_shape(state)}"
        )
    return state


def same_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output like the single input."""
    return inputs[0]


def flat_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of all numbers as features."""
    return (prod(inputs[0]),)


def entries_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of one channel and one column, a pixel for each number."""
    return (1, prod(inputs[0]), 1)


def image_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output like the single input, which is an image."""
    return image(inputs, "shift")


def equal_shapes(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of an elementwise sum: all inputs alike."""
    for shape in inputs[1:]:
        if shape != inputs[0]:
            raise ShapeError(
                f"branches have different shapes: {show_shape(inputs[0])} and {show_shape(shape)}"
            )
    return inputs[0]


def broadcast_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of an elementwise product: sizes equal, or 1 in one of the branches."""
    first = inputs[0]
    for shape in inputs[1:]:
        alike = len(shape) == len(first) and all(
            a == b or 1 in (a, b) for a, b in zip(first, shape, strict=True)
        )
        if not alike:
            raise ShapeError(
                f"branches have different shapes: {show_shape(first)} and {show_shape(shape)}"
            )
        first = tuple(max(a, b) for a, b in zip(first, shape, strict=True))
    return first


def concat_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of a concatenation of channels."""
    for shape in inputs[1:]:
        if shape[1:] != inputs[0][1:]:
            raise ShapeError(
                "branches to concatenate have different sizes: "
                f"{show_shape(inputs[0])} and {show_shape(shape)}"
            )
    return (sum(shape[0] for shape in inputs), *inputs[0][1:])


def split_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of one of `parts` equal parts of the channels."""
    parts, index = int(_number(attributes["parts"])), int(_number(attributes["index"]))
    channels = inputs[0][0]
    if channels % parts:
        raise ShapeError(f"`split` into {parts} parts does not divide {channels} channels")
    if index >= parts:
        raise ShapeError(
            f"`split` has {parts} parts, so `index` is at most {parts - 1}, not {index}"
        )
    return (channels // parts, *inputs[0][1:])


def shuffle_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output like the single input, whose channels are `groups` equal groups."""
    shape, groups = image(inputs, "shuffle"), int(_number(attributes["groups"]))
    if shape[0] % groups:
        raise ShapeError(f"`shuffle` of {groups} groups does not divide {shape[0]} channels")
    return shape


def global_pool_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of pooling over all pixels."""
    return (image(inputs, "global_avg_pool")[0], 1, 1)


def _number(value: AttributeValue) -> int | float:
    assert not isinstance(value, tuple)
    return value


def _with_bias(attributes: Attributes, shape: Shape) -> tuple[Weight, ...]:
    fan_in = prod(shape[1:])
    weight = Weight("weight", shape, fan_in=fan_in)
    return (weight, Weight("bias", shape[:1], fan_in=fan_in)) if attributes["bias"] else (weight,)
