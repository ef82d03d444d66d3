"""An operator stands for those behind it that compute the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from dslnas.backends.onnx.repeats import without_repeats


def node(operator: str, inputs: str, output: str, **attributes: Any) -> NodeProto:
    return helper.make_node(operator, inputs.split(), [output], **attributes)


def constant(name: str, *values: float) -> TensorProto:
    return numpy_helper.from_array(np.array(values, np.float32), name)


def kept(nodes: list[NodeProto], outputs: str = "end") -> list[str]:
    """Return the operators that are left, as `output = operator(inputs)`."""
    constants = [constant("one", 1), constant("uno", 1), constant("two", 2), constant("ones", 1, 1)]
    left = without_repeats(nodes, constants, outputs.split())
    return [f"{one.output[0]} = {one.op_type}({' '.join(one.input)})" for one in left]


def test_what_reads_a_repeat_reads_the_first_and_repeats_may_follow_from_that() -> None:
    nodes = [node("Relu", "x", "a"), node("Relu", "x", "b"), node("Exp", "a", "c")]
    nodes += [node("Exp", "b", "d"), node("Add", "c d", "end")]
    assert kept(nodes) == ["a = Relu(x)", "c = Exp(a)", "end = Add(c c)"]


def test_constants_are_equal_by_their_values() -> None:
    nodes = [node("Add", f"x {name}", f"a_{name}") for name in ("one", "uno", "two", "ones")]
    nodes.append(node("Sum", "a_one a_uno a_two a_ones", "end"))
    assert kept(nodes)[-1] == "end = Sum(a_one a_one a_two a_ones)"


def test_operators_and_attributes_tell_apart() -> None:
    nodes = [node("Flatten", "x", "a", axis=1), node("Flatten", "x", "b", axis=2)]
    nodes += [node("Softmax", "x", "c", axis=1), node("Sum", "a b c", "end")]
    assert len(kept(nodes)) == 4


def test_an_output_is_kept_though_it_repeats() -> None:
    nodes = [node("Relu", "x", "a"), node("Relu", "x", "end"), node("Exp", "end", "other")]
    assert kept(nodes, "end other") == ["a = Relu(x)", "end = Relu(x)", "other = Exp(end)"]
