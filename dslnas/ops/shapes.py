"""Shapes: sizes along axes, windows over them, and how they are shown."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.ops.primitive import (
    Attributes,
    AttributeValue,
    Example,
    InputShape,
    Shape,
    ShapeError,
    Token,
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


def number(value: AttributeValue) -> int | float:
    """Return an attribute that is one number."""
    assert not isinstance(value, tuple)
    return value
