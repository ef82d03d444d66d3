"""Where a primitive is written: what an emitter sees of the graph around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from onnx import AttributeProto, NodeProto, TensorProto, helper, numpy_helper

from dslnas.graph.graph import Node


@dataclass(frozen=True)
class EmitContext:
    """One node of the graph and the tensors around it, by the names that the model gives them.

    Attributes:
        node: Node that is written.
        inputs: The tensors it reads.
        output: The tensor it gives.
        arrays: Values of the tensors that it computes with, in the order of the catalogue.
        has_sides: Whether the first tensor it reads is (batch, C, H, W) or (batch, C, length), not
            (batch, features) or (batch).
    """

    node: Node
    inputs: tuple[str, ...]
    output: str
    arrays: tuple[NDArray[np.float32], ...]
    has_sides: bool

    @property
    def weights(self) -> tuple[str, ...]:
        """Names of the tensors that the node computes with, in the order of the catalogue."""
        return self.node.tensors

    def inside(self, part: str) -> str:
        """Return a name for a tensor that belongs to this node alone."""
        return f"{self.node.name}/{part}"

    def step(self, operator: str, inputs: Sequence[str], part: str, **attributes: Any) -> NodeProto:
        """Return an operator whose result only other operators of this node read."""
        name = self.inside(part)
        return _node(operator, inputs, name, name, attributes)

    def last(self, operator: str, inputs: Sequence[str], **attributes: Any) -> NodeProto:
        """Return the operator that gives the node's output; it has the node's name."""
        return _node(operator, inputs, self.output, self.node.name, attributes)

    def constant(self, part: str, value: NDArray[Any]) -> TensorProto:
        """Return a tensor that is not trained."""
        return numpy_helper.from_array(value, self.inside(part))

    def by_channel(self, part: str, values: NDArray[Any]) -> TensorProto:
        """Return a number for each channel, shaped so that it meets the channels of the output."""
        sizes = (-1, *[1] * (len(self.node.shape) - 1))
        return self.constant(part, np.asarray(values, np.float32).reshape(sizes))

    def whole(self, part: str, *values: int) -> TensorProto:
        """Return a vector of int64, for operators that take sizes as tensors."""
        return self.constant(part, np.array(values, np.int64))


def _node(
    operator: str, inputs: Sequence[str], output: str, name: str, attributes: Mapping[str, Any]
) -> NodeProto:
    """Return an operator; attributes are as `onnx.helper.make_node` writes them."""
    node = helper.make_node(operator, inputs, [output], name=name)
    node.attribute.extend(_attribute(key, attributes[key]) for key in sorted(attributes))
    return node


@lru_cache(maxsize=1024, typed=True)
def _attribute(name: str, value: float | tuple[int, ...]) -> AttributeProto:
    """Return an attribute, which is copied into a node; a network has few different ones."""
    return helper.make_attribute(name, value)


Protos: TypeAlias = Iterable[NodeProto | TensorProto]
"""Operators of a model, and the constants that they read."""

Emitter: TypeAlias = Callable[..., Protos]
"""From a context, and the attributes of its node by name, to operators in the order in which they
run, with constants anywhere between."""
