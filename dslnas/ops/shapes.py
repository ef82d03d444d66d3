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
    first, second = value
    return first, second


def along(value: AttributeValue, axes: int) -> tuple[int, ...]:
    """Return an attribute of kind PAIR for the axes behind the channels; a signal has the last."""
    return pair(value)[2 - axes :]


def image(inputs: tuple[Shape, ...], what: str) -> Shape:
    """Return the single input: image (channels, height, width) or signal (channels, length)."""
    (shape,) = inputs
    if len(shape) not in (2, 3):
        help = "rows of numbers are read by `linear`" if len(shape) == 1 else ""
        raise ShapeError(
            f"`{what}` reads images, but its input has shape {show_shape(shape)}", help
        )
    return shape


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


def window(attributes: Attributes, sizes: Shape, what: str) -> Shape:
    """Return the output size of a sliding window: floor((n + 2p - d(k-1) - 1) / s) + 1."""
    names = ("kernel", "stride", "padding", "dilation")
    steps = [along(attributes.get(name, (1, 1)), len(sizes)) for name in names]
    found = []
    for n, k, s, p, d in zip(sizes, *steps, strict=True):
        reach = d * (k - 1) + 1
        if n + 2 * p < reach:
            raise ShapeError(
                f"the window of `{what}` spans {reach} pixels, "
                f"but its input has {n} and padding {p}",
                "use a smaller kernel, or more padding",
            )
        found.append((n + 2 * p - reach) // s + 1)
    return tuple(found)


def conv_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of a convolution."""
    channels, *sizes = image(inputs, "conv")
    out, groups = int(_number(attributes["out"])), int(_number(attributes["groups"]))
    for name, count in (("input", channels), ("output", out)):
        if count % groups:
            raise ShapeError(
                f"`conv` has {groups} groups, which do not divide its {count} {name} channels",
                f"choose `groups` among the divisors of {count}",
            )
    return (out, *window(attributes, tuple(sizes), "conv"))


def conv_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Kernel of shape (out, in / groups, height, width) and, if asked for, a bias.

    That of a signal is of shape (out, in / groups, length).
    """
    kernel, out = along(attributes["kernel"], len(inputs[0]) - 1), int(_number(attributes["out"]))
    shape = (out, inputs[0][0] // int(_number(attributes["groups"])), *kernel)
    return _with_bias(attributes, shape)


def separable_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of a depthwise convolution and the one of single pixels behind it."""
    window_size = window(attributes, image(inputs, "separable_conv")[1:], "separable_conv")
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


def normed_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Tensors of the batch norm of a separable convolution, then its own."""
    norm = batch_norm_weights(attributes, inputs)
    return (*norm, *separable_weights(attributes, inputs))


def pool_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of a pooling window, which may not lie in the padding alone."""
    channels, *sizes = image(inputs, "pool")
    kernel, padding = (along(attributes[name], len(sizes)) for name in ("kernel", "padding"))
    for k, p in zip(kernel, padding, strict=True):
        if p > k // 2:
            raise ShapeError(
                f"padding {p} of a pool is more than half of its window of {k} pixels",
                f"use a padding of at most {k // 2}",
            )
    return (channels, *window(attributes, tuple(sizes), "pool"))


def zero_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of a strided zero: ceil(n / s); a vector keeps its size."""
    if len(inputs[0]) == 1:
        return inputs[0]
    channels, *sizes = image(inputs, "zero")
    strides = along(attributes["stride"], len(sizes))
    return (channels, *(-(-n // s) for n, s in zip(sizes, strides, strict=True)))


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


def pointwise_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of a convolution of single pixels of a concatenation."""
    return (int(_number(attributes["out"])), *concat_shape(attributes, inputs)[1:])


def pointwise_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Matrix of shape (out, in of all inputs, 1, 1)."""
    channels, out = concat_shape(attributes, inputs)[0], int(_number(attributes["out"]))
    return (Weight("matrix", (out, channels, 1, 1), fan_in=channels),)


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
    channels, *sizes = image(inputs, "global_avg_pool")
    return (channels, *(1 for _ in sizes))


def channel_norm_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Scale and offset of every channel if affine."""
    return _of_channels(inputs) if attributes["affine"] else ()


def group_norm_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output like the single input, whose channels are `groups` equal groups."""
    channels, groups = inputs[0][0], int(_number(attributes["groups"]))
    if channels % groups:
        raise ShapeError(
            f"`group_norm` of {groups} groups does not divide {channels} channels",
            f"choose `groups` among the divisors of {channels}",
        )
    return inputs[0]


def scale_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Factor of every channel."""
    return (Weight("weight", inputs[0][:1], fill=float(_number(attributes["start"]))),)


def position_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    """Number from -1 to 1 for every number that is read."""
    return (Weight("weight", inputs[0], fan_in=1),)


def axis_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output like the single input, which has an axis of a number."""
    _check_axis(int(_number(attributes["axis"])), inputs[0], "softmax")
    return inputs[0]


def transposed_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output with two axes exchanged."""
    shape = [*inputs[0]]
    first, second = (int(_number(attributes[name])) for name in ("first", "second"))
    for axis in (first, second):
        _check_axis(axis, inputs[0], "transpose")
    shape[first - 1], shape[second - 1] = shape[second - 1], shape[first - 1]
    return tuple(shape)


def reshaped_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of given sizes, which have as many numbers as the input."""
    sizes = attributes["sizes"]
    assert isinstance(sizes, tuple)
    if prod(sizes) != prod(inputs[0]):
        raise ShapeError(
            f"`reshape` to {show_shape(sizes)} has {prod(sizes)} numbers, "
            f"but its input {show_shape(inputs[0])} has {prod(inputs[0])}"
        )
    return sizes


def product_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of matrix products over the last two axes: (..., n, k) and (..., k, m)."""
    first, second = inputs
    is_pair = len(first) == len(second) >= 2 and first[:-2] == second[:-2]
    if not is_pair or first[-1] != second[-2]:
        raise ShapeError(
            f"`matmul` cannot multiply {show_shape(first)} and {show_shape(second)}",
            "the last size of the first is the last but one of the second, others are the same",
        )
    return (*first[:-1], second[-1])


def product_flops(inputs: tuple[Shape, ...], output: Shape) -> int:
    """Return the multiply-adds of matrix products."""
    return prod(output) * inputs[0][-1]


def upsampled_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of which every pixel is `factor` times as high and as wide."""
    channels, *sizes = image(inputs, "upsample")
    factor = int(_number(attributes["factor"]))
    return (channels, *(factor * n for n in sizes))


def _check_axis(axis: int, shape: Shape, what: str) -> None:
    if axis > len(shape):
        raise ShapeError(
            f"`{what}` of axis {axis} reads {show_shape(shape)}, which has {len(shape)} axes",
            "axes count from 1, that of the channels",
        )


def _of_channels(inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    channels = inputs[0][:1]
    return (Weight("weight", channels, fill=1.0), Weight("bias", channels))


def _number(value: AttributeValue) -> int | float:
    assert not isinstance(value, tuple)
    return value


def _with_bias(attributes: Attributes, shape: Shape) -> tuple[Weight, ...]:
    fan_in = prod(shape[1:])
    weight = Weight("weight", shape, fan_in=fan_in)
    return (weight, Weight("bias", shape[:1], fan_in=fan_in)) if attributes["bias"] else (weight,)
