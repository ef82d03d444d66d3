"""The table of activations: all that any part of the program knows about one.

A new activation is one entry here. Its formula is what it means: ONNX is written from it unless
there is an operator that does the same, and tests compare every form with it. PyTorch, and Python
modules that are written for it, call the function and the layer that are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt

from dslnas.ops.formula import Formula, X, argument, erf, exp, maximum, minimum, sigmoid, tanh
from dslnas.ops.primitive import Argument, Kept, Kind

_INPUTS, _OUTPUT = Kept(inputs=True), Kept(output=True)


@dataclass(frozen=True)
class Activation:
    """A function of single numbers.

    Attributes:
        name: Its word in the language.
        summary: One line of documentation.
        formula: Its formula.
        function: Function of torch, as a module writes it, with `nn` for `torch.nn`; takes x and
            the arguments in their order.
        layer: Layer of torch; takes the arguments.
        arguments: Numbers that are the same for all that it reads, in the order of a call.
        operator: Operator of ONNX, if one does the same.
        operator_arguments: By argument the attribute of the operator.
        keeps: Values of a run that its gradient needs.
        aliases: Other words for it, without `_`.
    """

    name: str
    summary: str
    formula: Formula
    function: str
    layer: str
    arguments: tuple[Argument, ...] = ()
    operator: str = ""
    operator_arguments: Mapping[str, str] = field(default_factory=dict)
    keeps: Kept = _INPUTS
    aliases: tuple[str, ...] = ()


_ALL = (
    Activation(
        "relu",
        "max(x, 0)",
        maximum(X, 0.0),
        "torch.relu",
        "nn.ReLU",
        operator="Relu",
        keeps=_OUTPUT,
    ),
    Activation(
        "leaky_relu",
        "x if x > 0 else slope * x",
        maximum(X, 0.0) + argument("slope") * minimum(X, 0.0),
        "nn.functional.leaky_relu",
        "nn.LeakyReLU",
        (Argument("slope", Kind.RATE, 0.01),),
        operator="LeakyRelu",
        operator_arguments={"slope": "alpha"},
    ),
    Activation(
        "elu",
        "x if x > 0 else exp(x) - 1",
        maximum(X, 0.0) + (exp(minimum(X, 0.0)) - 1.0),
        "nn.functional.elu",
        "nn.ELU",
        operator="Elu",
    ),
    Activation(
        "gelu",
        "x times the normal distribution function of x",
        # in the order of steps that ONNX Runtime fuses again
        X * (erf(X / sqrt(2)) + 1.0) * 0.5,
        "nn.functional.gelu",
        "nn.GELU",
    ),
    Activation(
        "silu",
        "x * sigmoid(x)",
        X * sigmoid(X),
        "nn.functional.silu",
        "nn.SiLU",
        aliases=("swish",),
    ),
    Activation(
        "relu6",
        "x between 0 and 6",
        minimum(maximum(X, 0.0), 6.0),
        "nn.functional.relu6",
        "nn.ReLU6",
    ),
    Activation(
        "hard_sigmoid",
        "x / 6 + 1/2 between 0 and 1",
        minimum(maximum(X / 6.0 + 0.5, 0.0), 1.0),
        "nn.functional.hardsigmoid",
        "nn.Hardsigmoid",
        aliases=("hsigmoid",),
    ),
    Activation(
        "hard_swish",
        "x * clip(x / 6 + 1/2, 0, 1)",
        X * minimum(maximum(X / 6.0 + 0.5, 0.0), 1.0),
        "nn.functional.hardswish",
        "nn.Hardswish",
        aliases=("hswish",),
    ),
    Activation(
        "sigmoid",
        "1 / (1 + exp(-x))",
        sigmoid(X),
        "torch.sigmoid",
        "nn.Sigmoid",
        operator="Sigmoid",
        keeps=_OUTPUT,
    ),
    Activation(
        "tanh",
        "hyperbolic tangent",
        tanh(X),
        "torch.tanh",
        "nn.Tanh",
        operator="Tanh",
        keeps=_OUTPUT,
    ),
)

ACTIVATIONS: dict[str, Activation] = {activation.name: activation for activation in _ALL}
