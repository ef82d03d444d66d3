"""Formulas of one number, such as `x * sigmoid(x)`: activations as data.

Python builds one like any expression, from `X`, numbers and the functions here. A backend reads it
with a table of its own: one entry for every operator in `OPERATORS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

Operand: TypeAlias = "Formula | float"
Read = TypeVar("Read")

OPERATORS: Mapping[str, int] = {
    "add": 2,
    "subtract": 2,
    "multiply": 2,
    "divide": 2,
    "maximum": 2,
    "minimum": 2,
    "exp": 1,
    "log": 1,
    "erf": 1,
    "sigmoid": 1,
    "tanh": 1,
}
"""The operators that formulas are made of, with their numbers of operands."""


@dataclass(frozen=True)
class Formula:
    """An operator and its operands; without operands the name of a number.

    Attributes:
        operator: In `OPERATORS`, or `x`, or an argument of the activation.
        operands: Its operands.
    """

    operator: str
    operands: tuple[Operand, ...] = ()

    def __add__(self, other: Operand) -> Formula:
        return Formula("add", (self, other))

    def __radd__(self, other: float) -> Formula:
        return Formula("add", (other, self))

    def __sub__(self, other: Operand) -> Formula:
        return Formula("subtract", (self, other))

    def __mul__(self, other: Operand) -> Formula:
        return Formula("multiply", (self, other))

    def __rmul__(self, other: float) -> Formula:
        return Formula("multiply", (other, self))

    def __truediv__(self, other: Operand) -> Formula:
        return Formula("divide", (self, other))


X = Formula("x")
"""The number that an activation reads."""


def argument(name: str) -> Formula:
    """Return an argument of the activation, a number that is the same for all it reads."""
    return Formula(name)


def maximum(a: Operand, b: Operand) -> Formula:
    """Return the larger of two numbers."""
    return Formula("maximum", (a, b))


def minimum(a: Operand, b: Operand) -> Formula:
    """Return the smaller of two numbers."""
    return Formula("minimum", (a, b))


def _function(operator: str) -> Callable[[Operand], Formula]:
    return lambda a: Formula(operator, (a,))


exp, log, erf, sigmoid, tanh = map(_function, ("exp", "log", "erf", "sigmoid", "tanh"))
"""Functions of one number: e^a, the natural logarithm, the error function, 1 / (1 + e^-a), tanh."""


def evaluate(
    formula: Operand, known: Mapping[str, Read], apply: Callable[[str, list[Read | float]], Read]
) -> Read | float:
    """Return the value of a formula for known values; a part that stands in it twice is made once.

    An operator is applied to values and plain numbers.
    """
    made: dict[Operand, Read | float] = {}

    def read(part: Operand) -> Read | float:
        if not isinstance(part, Formula):
            return part
        if not part.operands:
            return known[part.operator]
        if part not in made:
            made[part] = apply(part.operator, [read(operand) for operand in part.operands])
        return made[part]

    return read(formula)
