"""Shape rules that the catalogue puts together: what a primitive gives, by what it reads."""

from __future__ import annotations

from math import prod

from dslnas.ops.primitive import (
    Attributes,
    Shape,
    ShapeError,
)
from dslnas.ops.shapes import along, image, number, show_shape, window


def conv_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of a convolution."""
    channels, *sizes = image(inputs, "conv")
    out, groups = int(number(attributes["out"])), int(number(attributes["groups"]))
    for name, count in (("input", channels), ("output", out)):
        if count % groups:
            raise ShapeError(
                f"`conv` has {groups} groups, which do not divide its {count} {name} channels",
                f"choose `groups` among the divisors of {count}",
            )
    return (out, *window(attributes, tuple(sizes), "conv"))


def separable_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of a depthwise convolution and the one of single pixels behind it."""
    window_size = window(attributes, image(inputs, "separable_conv")[1:], "separable_conv")
    return (int(number(attributes["out"])), *window_size)


def out_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of `out` features, whatever is read."""
    return (int(number(attributes["out"])),)


def embedding_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of a table of words: one row."""
    if inputs[0] != ():
        raise ShapeError(
            f"`embedding` reads tokens, but its input has shape {show_shape(inputs[0])}",
            "use it in the `stem` of a network for text, and only there",
        )
    return out_shape(attributes, inputs)


def vector_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output like the single input, which is a vector."""
    if len(inputs[0]) != 1:
        raise ShapeError(
            f"variational dropout reads vectors, but its input has shape {show_shape(inputs[0])}"
        )
    return inputs[0]


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
    return (int(number(attributes["out"])), *concat_shape(attributes, inputs)[1:])


def split_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of one of `parts` equal parts of the channels."""
    parts, index = int(number(attributes["parts"])), int(number(attributes["index"]))
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
    shape, groups = image(inputs, "shuffle"), int(number(attributes["groups"]))
    if shape[0] % groups:
        raise ShapeError(f"`shuffle` of {groups} groups does not divide {shape[0]} channels")
    return shape


def global_pool_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output of pooling over all pixels."""
    channels, *sizes = image(inputs, "global_avg_pool")
    return (channels, *(1 for _ in sizes))


def group_norm_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output like the single input, whose channels are `groups` equal groups."""
    channels, groups = inputs[0][0], int(number(attributes["groups"]))
    if channels % groups:
        raise ShapeError(
            f"`group_norm` of {groups} groups does not divide {channels} channels",
            f"choose `groups` among the divisors of {channels}",
        )
    return inputs[0]


def axis_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output like the single input, which has an axis of a number."""
    _check_axis(int(number(attributes["axis"])), inputs[0], "softmax")
    return inputs[0]


def transposed_shape(attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
    """Output with two axes exchanged."""
    shape = [*inputs[0]]
    first, second = (int(number(attributes[name])) for name in ("first", "second"))
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
    factor = int(number(attributes["factor"]))
    return (channels, *(factor * n for n in sizes))


def _check_axis(axis: int, shape: Shape, what: str) -> None:
    if axis > len(shape):
        raise ShapeError(
            f"`{what}` of axis {axis} reads {show_shape(shape)}, which has {len(shape)} axes",
            "axes count from 1, that of the channels",
        )
