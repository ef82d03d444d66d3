"""Expressions of generated code, and the brackets between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dslnas.backends.python.text import Call, Form, Terms
from dslnas.graph.graph import Node
from dslnas.ops.activations import ACTIVATIONS, Activation
from dslnas.ops.primitive import AttributeValue

SUM, PRODUCT, ATOM = range(3)
"""How strongly an expression holds together: a weaker one needs brackets inside of it."""


@dataclass(frozen=True)
class Expression:
    """One expression, and how strongly it holds together."""

    form: Form
    strength: int = ATOM

    @property
    def text(self) -> str:
        """The expression on one line."""
        return str(self.form)

    def within(self, least: int) -> str:
        """Return the text, in brackets if it is weaker than what is around it needs."""
        return self.text if self.strength >= least else f"({self.text})"


@dataclass(frozen=True)
class Join:
    """How a primitive that reads several values is written.

    With an operator, strengths are those that the first operand and others need, and that of the
    expression. Without, a function of torch takes all values in a list, or two after the other.
    """

    operator: str = ""
    function: str = ""
    first: int = SUM
    others: int = SUM
    strength: int = ATOM


JOINS: Mapping[str, Join] = {
    "add": Join(" + ", "add", SUM, PRODUCT, SUM),
    "subtract": Join(" - ", "sub", SUM, PRODUCT, SUM),
    "multiply": Join(" * ", "mul", PRODUCT, ATOM, PRODUCT),
    "mean": Join(" + ", "", SUM, PRODUCT, PRODUCT),
    "matmul": Join(function="matmul"),
    "max": Join(function="maximum"),
    "min": Join(function="minimum"),
    "concat": Join(),
}
"""Primitives that read several values."""


def joined(primitive: str, parts: Sequence[Expression]) -> Expression:
    """Return values joined by a primitive of `JOINS`."""
    join = JOINS[primitive]
    first, *others = parts
    operands = (first.within(join.first), *(other.within(join.others) for other in others))
    if join.function and not join.operator:
        return Expression(_nested(f"torch.{join.function}(", operands))
    if not join.operator:
        return Expression(Call("torch.cat(", (Call("[", operands), "dim=1")))
    divisor = len(parts) if primitive == "mean" else 1
    return Expression(Terms(operands, join.operator, join.function, divisor), join.strength)


def _nested(head: str, operands: Sequence[str]) -> Call:
    """Return calls of a function of two values, each inside of the next."""
    first, second, *others = operands
    call = Call(head, (first, second))
    for other in others:
        call = Call(head, (call, other))
    return call


def chunked(source: Expression, parts: AttributeValue) -> Expression:
    """Return a value cut into equal parts of its channels."""
    return Expression(f"{source.within(ATOM)}.chunk({parts}, dim=1)")


def is_function(node: Node) -> bool:
    """Whether a primitive is written as a function, without a layer."""
    if node.primitive == "zero":
        return len(node.shape) == 1 or node.attribute("stride") == (1, 1)
    return node.primitive in FUNCTIONS


def applied(node: Node, source: Expression) -> Expression:
    """Return a primitive of `FUNCTIONS` applied to a value."""
    strength = SUM if node.primitive == "rescale" else ATOM
    return Expression(FUNCTIONS[node.primitive](node, source), strength)


def parts_of(node: Node | None) -> AttributeValue | None:
    """Return into how many parts a primitive cuts a value, if it takes one of them."""
    return node.attribute("parts") if node and node.primitive == "split" else None


def _activated(activation: Activation) -> Callable[[Node, Expression], str]:
    def write(node: Node, source: Expression) -> str:
        numbers = (repr(node.attribute(argument.name)) for argument in activation.arguments)
        return f"{activation.function}({', '.join((source.text, *numbers))})"

    return write


def _reshaped(node: Node, source: Expression) -> str:
    flat = f"{source.within(ATOM)}.flatten(1)"
    return flat if len(node.shape) == 1 else f"{flat}.unflatten(1, {node.shape})"


FUNCTIONS: Mapping[str, Callable[[Node, Expression], str]] = {
    **{name: _activated(activation) for name, activation in ACTIVATIONS.items()},
    "rescale": lambda node, source: (
        f"{node.attribute('factor')} * {source.within(ATOM)} + {node.attribute('offset')}"
    ),
    "reshape": _reshaped,
    "transpose": lambda node, source: (
        f"{source.within(ATOM)}.transpose({node.attribute('first')}, {node.attribute('second')})"
    ),
    "softmax": lambda node, source: f"{source.within(ATOM)}.softmax(dim={node.attribute('axis')})",
    "zero": lambda node, source: f"torch.zeros_like({source.text})",
    "split": lambda node, source: (
        f"{chunked(source, node.attribute('parts')).text}[{node.attribute('index')}]"
    ),
}
"""Primitives without weights, as functions: in a cell they need no layer."""
