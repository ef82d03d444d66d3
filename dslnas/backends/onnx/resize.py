"""Pillow's resize as nodes of an ONNX model, to the byte and for pictures of any size.

Runtimes differ in their own resize, and none has Pillow's. It is two products with matrices, one
along rows and then one along columns, that follow from the shape of the picture. In a column for
place o of the side that comes out, the rows x weigh

    max(0, 1 - |x - centre + 0.5| / reach),    centre = start + (o + 0.5) * scale,
    scale = span / count,                      reach = max(scale, 1)

and are divided by their sum, where `span` pixels from `start` on become `count`. As Pillow does,
weights are rounded to 22 bits, products to bytes. Weights are made in float64. Their products with
bytes would need more than the 24 bits of float32: their upper and lower 11 bits are multiplied
apart, and all sums are whole numbers that float32 holds, in whichever order they are added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from dslnas.data.preprocessing import Preprocessing

Name: TypeAlias = str
"""Name of a tensor."""

BITS = 22
"""Binary digits of a weight."""

HALF = 2 ** (BITS // 2)
"""First of the upper binary digits of a weight."""

LEAST_SUM = 0.25
"""Weights of a place inside of a picture have a larger sum; those beside it may have none."""


class Nodes:
    """Nodes and constants that are added to a model, in the order in which they run."""

    def __init__(self, scope: str, opset: int) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[tuple[bytes, str, tuple[int, ...]], TensorProto] = {}
        self._scope, self._opset = scope, opset

    def add(self, operator: str, *inputs: Name, **attributes: Any) -> Name:
        """Add an operator; return the name of its result."""
        name = f"{self._scope}/{len(self.nodes)}_{operator.lower()}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def constant(self, value: object, kind: type[np.generic]) -> Name:
        """Return the name of a constant; equal ones are one."""
        array: NDArray[Any] = np.array(value, kind)
        key = array.tobytes(), array.dtype.name, array.shape
        if key not in self.constants:
            name = f"{self._scope}/constant{len(self.constants)}"
            self.constants[key] = numpy_helper.from_array(array, name)
        return self.constants[key].name

    def double(self, value: object) -> Name:
        """Return the name of a constant in float64."""
        return self.constant(value, np.float64)

    def single(self, value: object) -> Name:
        """Return the name of a constant in float32."""
        return self.constant(value, np.float32)

    def whole(self, value: object) -> Name:
        """Return the name of a constant in int64."""
        return self.constant(value, np.int64)

    def cast(self, source: Name, kind: int) -> Name:
        """Add a change of type."""
        return self.add("Cast", source, to=kind)

    def column_sums(self, matrix: Name) -> Name:
        """Add the sums over the rows of a matrix, (1, columns)."""
        if self._opset < 13:  # axes became an input
            return self.add("ReduceSum", matrix, axes=[0], keepdims=1)
        return self.add("ReduceSum", matrix, self.whole([0]), keepdims=1)


@dataclass(frozen=True)
class Side:
    """A side of the picture and what becomes of it, as names of float64 numbers.

    Attributes:
        size: Its pixels.
        start: First of those that are read, which may be between two pixels; "" for the first.
        span: Number of those.
        count: Pixels that come out of them; fewer than `wanted` where the picture is padded.
        wanted: Pixels that the network reads.
        is_padded: Whether there may be fewer.
    """

    size: Name
    start: Name
    span: Name
    count: Name
    wanted: int
    is_padded: bool = False


def sides(out: Nodes, picture: Name, how: Preprocessing) -> tuple[Side, Side]:
    """Return height and width of a picture (height, width, channels), as they are fitted."""
    shape = out.add("Shape", picture)
    lengths = [out.add("Gather", shape, out.whole(axis), axis=0) for axis in (0, 1)]
    height, width = (out.cast(length, TensorProto.DOUBLE) for length in lengths)
    if how.fit == "pad":
        return (
            _padded(out, height, width, (how.height, how.width)),
            _padded(out, width, height, (how.width, how.height)),
        )
    if how.kept is not None:
        shorter = out.add("Sub", height, _excess(out, height, width))
        shares = dict.fromkeys(how.kept)
        kept = {share: out.add("Mul", shorter, out.double(share)) for share in shares}
        tall, wide = (kept[share] for share in how.kept)
        return _cropped(out, height, tall, how.height), _cropped(out, width, wide, how.width)
    if how.fit == "crop":
        tall, wide = width, height
        if how.width != how.height:
            ratio = out.double(how.width / how.height)
            tall, wide = out.add("Div", width, ratio), out.add("Mul", height, ratio)
        return _cropped(out, height, tall, how.height), _cropped(out, width, wide, how.width)
    return _stretched(out, height, how.height), _stretched(out, width, how.width)


def _stretched(out: Nodes, size: Name, wanted: int) -> Side:
    return Side(size, "", size, out.double(wanted), wanted)


def _padded(out: Nodes, size: Name, other: Name, wanted: tuple[int, int]) -> Side:
    """Return a side that is scaled as the other one is, if that is longer."""
    share = out.add("Mul", out.add("Div", size, other), out.double(wanted[1]))
    count = out.add("Max", out.add("Round", share), out.double(1))
    count = out.add("Sub", count, _excess(out, count, out.double(wanted[0])))
    return Side(size, "", size, count, wanted[0], is_padded=True)


def _cropped(out: Nodes, size: Name, most: Name, wanted: int) -> Side:
    """Return the middle of a side, whose ends Pillow keeps in float32."""
    left_out = _excess(out, size, most)
    start = out.add("Mul", left_out, out.double(0.5))
    stop = out.add("Add", start, out.add("Sub", size, left_out))
    first, last = (out.cast(end, TensorProto.FLOAT) for end in (start, stop))
    span = out.cast(out.add("Sub", last, first), TensorProto.DOUBLE)
    return Side(size, out.cast(first, TensorProto.DOUBLE), span, out.double(wanted), wanted)


def _excess(out: Nodes, number: Name, most: Name) -> Name:
    """Add what a number has above another one; ONNX Runtime before 2021 has no Min of float64."""
    return out.add("Max", out.add("Sub", number, most), out.double(0))


def resized(out: Nodes, planes: Name, height: Side, width: Side) -> Name:
    """Add the resize of planes of bytes, float32 (channels, height, width)."""
    rows = _product(out, planes, _weights(out, width), along_rows=True)
    return _product(out, rows, _weights(out, height), along_rows=False)


def _weights(out: Nodes, side: Side) -> Name:
    """Add the weights of a side in units of 2 ** -22, float32 (size, wanted)."""
    place = out.double(np.arange(side.wanted)[None] + 0.5)
    if side.is_padded:
        missing = out.add("Sub", out.double(side.wanted), side.count)
        before = out.add("Round", out.add("Mul", missing, out.double(0.5)))
        place = out.add("Sub", place, before)
    scale = out.add("Div", side.span, side.count)
    reach = out.add("Max", scale, out.double(1))
    centre = out.add("Mul", place, scale)
    if side.start:
        centre = out.add("Add", side.start, centre)
    pixels = out.add("Range", out.double(0), side.size, out.double(1))
    pixels = out.add("Reshape", pixels, out.whole([-1, 1]))
    distance = out.add("Add", out.add("Sub", pixels, centre), out.double(0.5))
    shares = out.add("Abs", out.add("Div", distance, reach))
    triangle = out.add("Max", out.add("Sub", out.double(1), shares), out.double(0))
    total = out.column_sums(triangle)
    if side.is_padded:
        total = out.add("Max", total, out.double(LEAST_SUM))
        triangle = out.add("Mul", triangle, _inside(out, place, side.count))
    weights = out.add("Mul", out.add("Div", triangle, total), out.double(2**BITS))
    rounded = out.cast(out.add("Add", weights, out.double(0.5)), TensorProto.INT32)
    return out.cast(rounded, TensorProto.FLOAT)


def _inside(out: Nodes, place: Name, count: Name) -> Name:
    """Add which of the places are of the picture, 1 or 0: |2 place - count| < count."""
    from_middle = out.add("Sub", out.add("Add", place, place), count)
    is_inside = out.add("Less", out.add("Abs", from_middle), count)
    return out.cast(is_inside, TensorProto.DOUBLE)


def _product(out: Nodes, planes: Name, weights: Name, *, along_rows: bool) -> Name:
    """Add the product of planes with weights, rounded to bytes."""
    halves = out.single(HALF)
    shifted = out.add("Div", out.add("Add", weights, out.single(HALF // 2)), halves)
    upper = out.add("Floor", shifted)
    lower = out.add("Sub", weights, out.add("Mul", upper, halves))
    if along_rows:
        high, low = (out.add("MatMul", planes, half) for half in (upper, lower))
    else:
        high, low = (
            out.add("MatMul", out.add("Transpose", half, perm=[1, 0]), planes)
            for half in (upper, lower)
        )
    carried = out.add("Add", high, out.add("Floor", out.add("Div", low, halves)))
    rounded = out.add("Div", out.add("Add", carried, out.single(HALF // 2)), halves)
    return out.add("Floor", rounded)
