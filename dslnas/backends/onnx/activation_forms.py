"""The ONNX form of activations: one operator, or those of the formula."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import NodeProto, TensorProto

from dslnas.backends.onnx.emit_context import EmitContext, Emitter, Protos
from dslnas.ops.activations import Activation
from dslnas.ops.formula import Formula, evaluate

HARD_SIGMOID = {"alpha": 1 / 6, "beta": 0.5}

OPERATORS: Mapping[str, str] = {
    "add": "Add",
    "subtract": "Sub",
    "multiply": "Mul",
    "divide": "Div",
    "maximum": "Max",
    "minimum": "Min",
    "exp": "Exp",
    "log": "Log",
    "erf": "Erf",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
}
"""The ONNX operator of every operator of a formula."""


def activation_form(activation: Activation) -> Emitter:
    """Return the emitter of an activation: one operator, or those of its formula."""

    def emit(context: EmitContext, **arguments: float) -> Protos:
        if activation.operator:
            names = activation.operator_arguments
            attributes = {names[name]: value for name, value in arguments.items()}
            yield context.last(activation.operator, context.inputs, **attributes)
        else:
            yield from _formula(context, activation.formula, arguments)

    return emit


def _formula(context: EmitContext, formula: Formula, arguments: Mapping[str, float]) -> Protos:
    """Write a formula step by step; numbers in it are constants of the node."""
    written: list[NodeProto | TensorProto] = []
    steps: list[tuple[str, list[str]]] = []

    def constant(value: float) -> str:
        tensor = context.constant(f"number_{len(written)}", np.array(value, np.float32))
        written.append(tensor)
        return tensor.name

    def apply(operator: str, operands: list[str | float]) -> str:
        names = [name if isinstance(name, str) else constant(name) for name in operands]
        steps.append((OPERATORS[operator], names))
        return context.inside(f"step_{len(steps)}")

    known = {name: constant(value) for name, value in arguments.items()}
    evaluate(formula, {"x": context.inputs[0], **known}, apply)
    yield from written
    for number, (operator, names) in enumerate(steps[:-1], start=1):
        yield context.step(operator, names, f"step_{number}")
    yield context.last(*steps[-1])


def hard_swish(context: EmitContext) -> Protos:
    """Write x times the hard sigmoid of x."""
    # Not HardSwish, which only later opsets have and ONNX Runtime takes apart like this.
    gate = context.step("HardSigmoid", context.inputs, "gate", **HARD_SIGMOID)
    yield gate
    yield context.last("Mul", (*context.inputs, gate.name))
