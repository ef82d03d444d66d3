"""A model in float16, from one in float32: inputs and outputs stay as they are.

Norms, and whatever sums or grows over its input, compute in float32, where their results would not
fit; loops carry their states in float32.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import numpy as np
import onnx
from onnx import (
    AttributeProto,
    GraphProto,
    ModelProto,
    NodeProto,
    TensorProto,
    helper,
    numpy_helper,
)

from dslnas.backends.onnx.compact import compact
from dslnas.backends.onnx.versions import OLDEST, Versions, declare

EXACT = frozenset(
    {
        "BatchNormalization",
        "Div",
        "Erf",
        "Exp",
        "GlobalAveragePool",
        "Identity",
        "InstanceNormalization",
        "LayerNormalization",
        "Log",
        "Scan",
        "Softmax",
    }
)
"""Operators that stay in float32."""

Type: TypeAlias = TensorProto.DataType

FULL, HALF = TensorProto.FLOAT, TensorProto.FLOAT16
LARGEST = float(np.finfo(np.float16).max)
_ENDINGS: Mapping[Type, str] = {FULL: "full", HALF: "half"}


def to_float16(model: ModelProto, versions: Versions = OLDEST) -> ModelProto:
    """Return a float32 model, as the emitter writes it, in float16, checked; see `declare`."""
    made = ModelProto()
    made.CopyFrom(model)
    constants: dict[str, TensorProto] = {}
    _rewrite(made.graph, made, constants)
    del made.graph.initializer[:]
    made.graph.initializer.extend(constants.values())
    declare(made, versions)
    return compact(made)


def _rewrite(graph: GraphProto, model: ModelProto, constants: dict[str, TensorProto]) -> None:
    """Write the graph of a model, or the body of a loop, anew; `constants` gets what it reads."""
    operators = list(_Writer(graph, model, constants).operators())
    del graph.node[:]
    graph.node.extend(operators)


class _Writer:
    """Writes operators, casts between them, and every constant once in each type."""

    def __init__(
        self, graph: GraphProto, model: ModelProto, constants: dict[str, TensorProto]
    ) -> None:
        self._graph, self._model, self._constants = graph, model, constants
        self._given = {tensor.name: tensor for tensor in model.graph.initializer}
        self._types = _types(graph, model)
        self._names: dict[tuple[str, Type], str] = {}
        for value in graph.input:
            self._names[value.name, self._types[value.name]] = value.name

    def operators(self) -> Iterator[NodeProto]:
        """Yield the operators."""
        results = [value.name for value in self._graph.output]
        for node in self._graph.node:
            if self._is_alias(node):
                self._names[node.output[0], HALF] = self._names[node.input[0], HALF]
                continue
            wanted = FULL if node.op_type in EXACT else HALF
            for place, name in enumerate(node.input):
                yield from self._cast(name, wanted)
                node.input[place] = self._name(name, wanted)
            for attribute in node.attribute:
                if attribute.type == AttributeProto.GRAPH:
                    _rewrite(attribute.g, self._model, self._constants)
            for place, name in enumerate(node.output):
                type_ = wanted if self._types[name] == FULL else self._types[name]
                is_cast = name in results and type_ == HALF
                self._names[name, type_] = f"{name}:half" if is_cast else name
                node.output[place] = self._names[name, type_]
            yield node
        for name in results:
            yield from self._cast(name, FULL)

    def _is_alias(self, node: NodeProto) -> bool:
        """Whether it gives another name to what is in float16 alone, which a cast does as well."""
        source = node.input[0]
        return (
            node.op_type == "Identity"
            and (source, HALF) in self._names
            and (source, FULL) not in self._names
        )

    def _name(self, name: str, wanted: Type) -> str:
        """Return what a value is called in a type; what is no real number has one alone."""
        return self._names.get((name, wanted), name)

    def _cast(self, name: str, wanted: Type) -> Iterator[NodeProto]:
        """Yield what brings a value into a type, unless it is there already."""
        if name in self._given:
            self._take(name, wanted)
            return
        if not name or self._types[name] != FULL or (name, wanted) in self._names:
            return
        (there,) = (type_ for type_ in _ENDINGS if (name, type_) in self._names)
        source = self._names[name, there]
        made = name if source != name else f"{name}:{_ENDINGS[wanted]}"
        self._names[name, wanted] = made
        yield helper.make_node("Cast", [source], [made], to=wanted)

    def _take(self, name: str, wanted: Type) -> None:
        """Write a constant in a type."""
        tensor = self._given[name]
        if tensor.data_type != FULL or wanted == FULL:
            self._constants[name] = tensor
            return
        made = self._names[name, HALF] = f"{name}:half"
        numbers = numpy_helper.to_array(tensor).clip(-LARGEST, LARGEST).astype(np.float16)
        self._constants[made] = numpy_helper.from_array(numbers, made)


def _types(graph: GraphProto, model: ModelProto) -> dict[str, Type]:
    """Return the types of all values of a graph of a model, which may be the body of a loop."""
    parts = (graph.node, "types", graph.input, graph.output, model.graph.initializer)
    alone = helper.make_model(helper.make_graph(*parts), opset_imports=model.opset_import)
    inferred = onnx.shape_inference.infer_shapes(alone).graph
    values = (*inferred.input, *inferred.value_info, *inferred.output)
    return {value.name: value.type.tensor_type.elem_type for value in values}
