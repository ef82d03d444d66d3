"""A model in whole numbers of eight bits, from one in float32 and the ranges of its values.

Convolutions read and give values in uint8, matrices read them; weights are int8 with a scale for
each channel, tables of embeddings with one for each row. The form is QDQ: a QuantizeLinear and a
DequantizeLinear stand around every value, so that the model says what it computes wherever it runs;
a runtime that knows how computes with whole numbers in between. (The other form, of operators for
whole numbers, drops each ReLU whose input others read too.)
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
from dslnas.backends.onnx.versions import OLDEST, Versions, declare, nodes_of

CONVOLUTION, MATRIX = PRODUCTS = ("Conv", "Gemm")
JOIN, TABLE = "Add", "Gather"
RELU = "Relu"

# Of 255 steps of a value; and of a weight one bit is left free: processors before AVX512-VNNI add
# two products in 16 bits, which larger weights would overflow in silence.
STEPS, LARGEST = 255, 63
BIAS_LIMIT = 2.0**30

ALIKE = 1e-6
"""Share of a step up to which steps of channels are one: float32 has no more digits."""


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
    results = {value.name for value in graph.output}
    readers: dict[str, list[NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            readers[name].append(node)
    rounded: set[str] = set()
    for node in graph.node:
        (output, *_) = node.output
        if node.op_type in PRODUCTS:
            rounded.add(node.input[0])
        if node.op_type == CONVOLUTION:
            only = readers[output][0] if len(readers[output]) == 1 else None
            rounded |= {only.output[0] if only and only.op_type == RELU else output} - results
        elif node.op_type == JOIN and rounded.issuperset(node.input):
            rounded |= {output} - results
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
        self._results = {value.name for value in graph.output}
        self._rounding = {name: _rounding(found) for name, found in ranges.items()}
        self._scales = _scales(nodes_of(graph), self._given, self._rounding)
        self._names: dict[str, str] = {}
        self._instead: dict[str, str] = {}
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
        inputs = [self._names.get(name, name) for name in node.input]
        if node.op_type == RELU and node.output[0] in self._rounding.keys() - self._results:
            self._instead[node.output[0]] = node.input[0]  # what is below zero is rounded to zero
            return
        if node.op_type == TABLE and inputs[0] in self._scales:
            yield from self._looked_up(node)
            return
        if node.op_type in PRODUCTS and node.input[0] in self._rounding:
            weight, *bias = node.input[1:]
            (output,) = node.output
            inputs[1] = f"{output}:weight"
            yield self._weight(weight, inputs[1], is_matrix=node.op_type == MATRIX)
            # Runtimes round the bias of a convolution by themselves, and not that of a matrix.
            if bias and node.op_type == MATRIX:
                scale, _ = self._rounding[node.input[0]]
                inputs[2] = f"{output}:bias"
                yield self._bias(bias[0], inputs[2], scale * self._scales[weight])
        node.input[:] = inputs
        self._read.update(inputs)
        yield node

    def _looked_up(self, node: NodeProto) -> Iterator[NodeProto]:
        """Yield what looks rows up in a table of whole numbers, each with its step."""
        table, tokens = node.input
        (output,) = node.output
        rows = np.broadcast_to(self._scales[table].reshape(-1, 1), (len(self._whole(table)), 1))
        steps = self._constant(f"{table}:steps", rows)
        names = [f"{output}:{part}" for part in ("row", "float", "step")]
        whole = self._constant(f"{table}:whole", self._whole(table))
        yield helper.make_node("Gather", [whole, tokens], names[:1])
        yield helper.make_node("Cast", names[:1], names[1:2], to=TensorProto.FLOAT)
        yield helper.make_node("Gather", [steps, tokens], names[2:])
        yield helper.make_node("Mul", names[1:], [output])

    def _around(self, name: str) -> Iterator[NodeProto]:
        """Yield what rounds a value, if it is one that is rounded."""
        if name not in self._rounding:
            return
        source = self._instead.get(name, name)
        if source != name and self._rounding.get(source) == self._rounding[name]:
            self._names[name] = self._names[source]
            return
        scale, zero = self._rounding[name]
        how = [self._constant(f"{name}:scale", scale), self._constant(f"{name}:zero", zero)]
        inputs = [self._names.get(source, source), *how]
        yield helper.make_node("QuantizeLinear", inputs, [f"{name}:whole"])
        yield helper.make_node("DequantizeLinear", [f"{name}:whole", *how], [f"{name}:real"])
        self._names[name] = f"{name}:real"

    def _whole(self, name: str) -> NDArray[np.int8]:
        """Return a weight in steps."""
        weight = numpy_helper.to_array(self._given[name])
        by_channel = self._scales[name].reshape(-1, *[1] * (weight.ndim - 1))
        return np.rint(weight / by_channel).clip(-LARGEST, LARGEST).astype(np.int8)

    def _weight(self, name: str, output: str, *, is_matrix: bool) -> NodeProto:
        inputs = [
            self._constant(f"{name}:whole", self._whole(name)),
            self._constant(f"{name}:scales", self._scales[name]),
        ]
        if is_matrix:  # which runtimes take for one of whole numbers only if it says so
            zeros = np.zeros_like(self._scales[name], np.int8)
            inputs.append(self._constant(f"{name}:zeros", zeros))
        return _real(inputs, output, self._scales[name])

    def _bias(self, name: str, output: str, scales: NDArray[np.float32]) -> NodeProto:
        steps = np.rint(numpy_helper.to_array(self._given[name]) / scales)
        whole = steps.clip(-BIAS_LIMIT, BIAS_LIMIT).astype(np.int32)
        inputs = [
            self._constant(f"{output}:whole", whole),
            self._constant(f"{output}:scales", scales),
        ]
        return _real(inputs, output, scales)

    def _constant(self, name: str, value: object) -> str:
        self._made[name] = numpy_helper.from_array(np.asarray(value), name)
        return name


def _real(inputs: list[str], output: str, scales: NDArray[np.float32]) -> NodeProto:
    """Return what gives the numbers back; steps that are one number have no axis."""
    if not scales.ndim:
        return helper.make_node("DequantizeLinear", inputs, [output])
    return helper.make_node("DequantizeLinear", inputs, [output], axis=0)


def _rounding(found: Range) -> tuple[np.float32, np.uint8]:
    """Return the size of a step and the number that stands for zero, which is met exactly."""
    low, high = min(found.low, 0.0), max(found.high, 0.0)
    scale = np.float32((high - low) / STEPS) or np.float32(1)
    return scale, np.uint8(np.clip(round(-low / float(scale)), 0, STEPS))


def _scales(
    nodes: Iterable[NodeProto],
    given: Mapping[str, TensorProto],
    rounding: Mapping[str, tuple[np.float32, np.uint8]],
) -> dict[str, NDArray[np.float32]]:
    """Return by weight the size of a step for each channel that it gives, or row of a table.

    It is so large that the bias fits into 32 bits, of which a step is a product of two.
    """
    least: dict[str, NDArray[np.float32]] = {}
    for node in nodes:
        if node.op_type == TABLE and node.input[0] in given:
            least.setdefault(node.input[0], np.zeros(1, np.float32))
        elif node.op_type in PRODUCTS and node.input[0] in rounding:
            source, weight, *bias = node.input
            scale, _ = rounding[source]
            sizes = sum((abs(numpy_helper.to_array(given[name])) for name in bias), np.zeros(1))
            needed = np.asarray(sizes / (scale * BIAS_LIMIT), np.float32)
            least[weight] = np.maximum(least.get(weight, needed), needed)
    return {name: _steps(numpy_helper.to_array(given[name]), low) for name, low in least.items()}


def _steps(weight: NDArray[np.float32], least: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the size of a step by channel, or one number where channels are alike."""
    largest = abs(weight).reshape(len(weight), -1).max(1)
    scales = np.maximum(largest / LARGEST, least).astype(np.float32)
    scales = np.where(scales > 0, scales, scales.max() or np.float32(1))
    return np.asarray(scales.max()) if np.ptp(scales) <= ALIKE * scales.max() else scales
