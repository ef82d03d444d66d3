"""Operators that compute the same from the same values: the first stands for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping

from onnx import NodeProto, TensorProto


def without_repeats(
    operators: Iterable[NodeProto], constants: Iterable[TensorProto], outputs: Container[str]
) -> list[NodeProto]:
    """Return operators without those that repeat an earlier one; outputs are kept all the same.

    Constants are equal by their values, whatever their names.
    """
    values = {tensor.name: tensor for tensor in constants}
    sizes = {name: (tensor.data_type, *tensor.dims) for name, tensor in values.items()}
    known: dict[object, list[NodeProto]] = defaultdict(list)
    stands: dict[str, str] = {}
    kept = []
    for operator in operators:
        if any(name in stands for name in operator.input):
            operator.input[:] = [stands.get(name, name) for name in operator.input]
        if len(operator.output) > 1:  # a loop
            kept.append(operator)
            continue
        (output,) = operator.output
        alike = known[operator.op_type, *(sizes.get(name, name) for name in operator.input)]
        original = next((one for one in alike if _is_same(one, operator, values)), None)
        if original is not None and output not in outputs:
            stands[output] = original.output[0]
            continue
        kept.append(operator)
        if original is None:
            alike.append(operator)
    return kept


def _is_same(one: NodeProto, other: NodeProto, values: Mapping[str, TensorProto]) -> bool:
    """Whether operators that read tensors of equal sizes have equal attributes and constants."""
    first, second = (
        {attribute.SerializeToString(deterministic=True) for attribute in node.attribute}
        for node in (one, other)
    )
    return first == second and all(
        name == twin or values[name].raw_data == values[twin].raw_data
        for name, twin in zip(one.input, other.input, strict=True)
    )
