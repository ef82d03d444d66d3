"""Operators that compute the same from the same values: the first stands for all of them."""

from __future__ import annotations

from collections.abc import Container, Iterable

from onnx import NodeProto, TensorProto


def without_repeats(
    operators: Iterable[NodeProto], constants: Iterable[TensorProto], outputs: Container[str]
) -> list[NodeProto]:
    """Return operators without those that repeat an earlier one; outputs are kept all the same.

    Constants are equal by their values, whatever their names.
    """
    values = {t.name: (t.data_type, tuple(t.dims), t.raw_data) for t in constants}
    first: dict[object, str] = {}
    stands: dict[str, str] = {}
    kept = []
    for operator in operators:
        operator.input[:] = [stands.get(name, name) for name in operator.input]
        inputs = tuple(values.get(name, name) for name in operator.input)
        attributes = frozenset(a.SerializeToString(deterministic=True) for a in operator.attribute)
        if len(operator.output) > 1:  # a loop
            kept.append(operator)
            continue
        (output,) = operator.output
        original = first.setdefault((operator.op_type, inputs, attributes), output)
        if original == output or output in outputs:
            kept.append(operator)
        else:
            stands[output] = original
    return kept
