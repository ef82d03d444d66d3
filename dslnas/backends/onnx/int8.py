"""A model in whole numbers of eight bits, from one in float32 and the ranges of its values.

Products with matrices read and give values in uint8, weights are int8 with a scale for each
channel. The form is QDQ: a QuantizeLinear and a DequantizeLinear stand around every value, so
that the model says what it computes wherever it runs; a runtime that knows how computes with whole
numbers in between. (The other form, of operators for whole numbers, drops each ReLU whose input
others read too.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from dslnas.backends.onnx.compact import compact, graphs
from dslnas.backends.onnx.versions import OLDEST, Versions, declare

CONVOLUTION, MATRIX = "Conv", "Gemm"
JOIN = "Add"
BENT = ("Relu", "Clip")
"""Operators that runtimes compute together with the convolution in front."""

# Of 255 steps of a value; and of a weight one bit is left free: processors before AVX512-VNNI add
# two products in 16 bits, which larger weights would overflow in silence.
STEPS, LARGEST = 255, 63
_BIAS_LIMIT = 2.0**30


@dataclass(frozen=True)
class Range:
    """The smallest and the largest number of a value, over the examples that were looked at."""

    low: float
    high: float

    @classmethod
    def of(cls, values: NDArray[np.floating[Any]]) -> Self:
        """Return the range of some numbers."""
        return cls(float(values.min()), float(values.max()))

    def joined(self, other: Range | None) -> Range:
        """Return the range of both."""
        if other is None:
            return self
        return Range(min(self.low, other.low), max(self.high, other.high))


def rounded_values(graph: GraphProto) -> list[str]:
    """Return the values that the int8 model rounds, in the order in which they are computed.

    These are what convolutions read and give, sums of such values, and what matrices read.
    """
    constants = {tensor.name for tensor in graph.initializer}
    readers: dict[str, list[NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            readers[name].append(node)
    rounded: set[str] = set()
    for node in graph.node:
        if node.op_type in (CONVOLUTION, MATRIX):
            rounded.add(node.input[0])
        if node.op_type == CONVOLUTION:
            (given,) = node.output
            only = readers[given][0] if len(readers[given]) == 1 else None
            rounded.add(only.output[0] if only is not None and only.op_type in BENT else given)
        elif node.op_type == JOIN and rounded.issuperset(node.input):
            rounded.add(node.output[0])
    rounded -= constants | {value.name for value in graph.output}
    given = (name for node in graph.node for name in node.output)
    return [name for name in (*(v.name for v in graph.input), *given) if name in rounded]


def to_int8(
    model: ModelProto, ranges: Mapping[str, Range], versions: Versions = OLDEST
) -> ModelProto:
    """Return a float32 model in whole numbers, checked.

    Args:
        model: As the emitter writes it.
        ranges: By value, of those that `rounded_values` names; others stay as they are.
        versions: See `declare`.
    """
    made = ModelProto()
    made.CopyFrom(model)
    writer = _Writer(made.graph, ranges)
    for graph in graphs(made.graph):
        operators = list(writer.operators(graph))
        del graph.node[:]
        graph.node.extend(operators)
    kept = list(writer.constants())
    del made.graph.initializer[:]
    made.graph.initializer.extend(kept)
    declare(made, versions)
    return compact(made)


class _Writer:
    """Writes operators with rounded values and weights, and every constant once."""

    def __init__(self, graph: GraphProto, ranges: Mapping[str, Range]) -> None:
        self._given = {tensor.name: tensor for tensor in graph.initializer}
        self._rounding = {name: _rounding(found) for name, found in ranges.items()}
        self._made: dict[str, TensorProto] = {}
        self._read: set[str] = set()

    def constants(self) -> Iterator[TensorProto]:
        """Yield those that operators still read, and those that were made."""
        yield from (tensor for name, tensor in self._given.items() if name in self._read)
        yield from self._made.values()

    def operators(self, graph: GraphProto) -> Iterator[NodeProto]:
        """Yield the operators of a graph."""
        for value in graph.input:
            yield from self._around(value.name)
        for node in graph.node:
            yield from self._written(node)
            for name in node.output:
                yield from self._around(name)

    def _written(self, node: NodeProto) -> Iterator[NodeProto]:
        source = node.input[0] if node.input else ""
        inputs = [f"{name}/real" if name in self._rounding else name for name in node.input]
        if source in self._rounding and node.op_type in (CONVOLUTION, MATRIX):
            weight, *bias = node.input[1:]
            scales = _scales(self._array(weight), self._least_scales(source, bias))
            yield from self._weight(weight, scales)
            inputs[1] = f"{weight}/real"
            # Runtimes round the bias of a convolution by themselves, and not that of a matrix.
            if bias and node.op_type == MATRIX:
                yield from self._bias(bias[0], self._rounding[source][0] * scales)
                inputs[2] = f"{bias[0]}/real"
        node.input[:] = inputs
        self._read.update(inputs)
        yield node

    def _array(self, name: str) -> NDArray[np.float32]:
        return np.asarray(numpy_helper.to_array(self._given[name]), np.float32)

    def _least_scales(self, source: str, bias: Iterable[str]) -> NDArray[np.float32] | float:
        """Return by channel the smallest scale of weights with which a bias fits into 32 bits."""
        scale = self._rounding[source][0]
        return sum((abs(self._array(name)) / (scale * _BIAS_LIMIT) for name in bias), 0.0)

    def _around(self, name: str) -> Iterator[NodeProto]:
        """Yield what rounds a value, if it is one that is rounded."""
        if name not in self._rounding:
            return
        scale, zero = self._rounding[name]
        how = [self._constant(f"{name}/scale", scale), self._constant(f"{name}/zero", zero)]
        yield helper.make_node("QuantizeLinear", [name, *how], [f"{name}/whole"])
        yield helper.make_node("DequantizeLinear", [f"{name}/whole", *how], [f"{name}/real"])

    def _weight(self, name: str, scales: NDArray[np.float32]) -> Iterator[NodeProto]:
        weight = self._array(name)
        by_channel = scales.reshape(-1, *[1] * (weight.ndim - 1))
        whole = np.rint(weight / by_channel).clip(-LARGEST, LARGEST).astype(np.int8)
        yield from self._constant_of_channels(name, whole, scales)

    def _bias(self, name: str, scales: NDArray[np.float32]) -> Iterator[NodeProto]:
        whole = np.rint(self._array(name) / scales).clip(-_BIAS_LIMIT, _BIAS_LIMIT).astype(np.int32)
        yield from self._constant_of_channels(name, whole, scales)

    def _constant_of_channels(
        self, name: str, whole: NDArray[np.integer], scales: NDArray[np.float32]
    ) -> Iterator[NodeProto]:
        if f"{name}/whole" in self._made:  # a layer that stands at several places
            return
        inputs = [
            self._constant(f"{name}/whole", whole),
            self._constant(f"{name}/scales", scales),
        ]
        yield helper.make_node("DequantizeLinear", inputs, [f"{name}/real"], axis=0)

    def _constant(self, name: str, value: object) -> str:
        self._made[name] = numpy_helper.from_array(np.asarray(value), name)
        return name


def _rounding(found: Range) -> tuple[np.float32, np.uint8]:
    """Return the size of a step and the number that stands for zero, which is met exactly."""
    low, high = min(found.low, 0.0), max(found.high, 0.0)
    scale = np.float32((high - low) / STEPS) or np.float32(1)
    return scale, np.uint8(np.clip(round(-low / float(scale)), 0, STEPS))


def _scales(weight: NDArray[np.float32], least: NDArray[np.float32] | float) -> NDArray[np.float32]:
    """Return the size of a step for each channel that a weight gives."""
    largest = abs(weight).reshape(len(weight), -1).max(1)
    scales = np.maximum(largest / LARGEST, least).astype(np.float32)
    return np.where(scales > 0, scales, np.float32(1))
