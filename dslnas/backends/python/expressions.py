"""Expressions of generated code, and the brackets between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dslnas.backends.python.layers import JOINS
from dslnas.graph.graph import Node
from dslnas.ops.activations import ACTIVATIONS, Activation

SUM, PRODUCT, ATOM = range(3)
"""How strongly an expression holds together: a weaker one needs brackets inside of it."""

# What the first operand of a join has to be at least, what the others have to be, and what it is.
_STRENGTHS: Mapping[str, tuple[int, int, int]] = {
    "add": (SUM, PRODUCT, SUM),
    "subtract": (SUM, PRODUCT, SUM),
    "mean": (SUM, PRODUCT, PRODUCT),
    "multiply": (PRODUCT, ATOM, PRODUCT),
    "concat": (SUM, SUM, ATOM),
}


@dataclass(frozen=True)
class Expression:
    """Text on one line."""

    text: str
    strength: int = ATOM

    def within(self, least: int) -> str:
        """Return the text, in brackets if it is weaker than what is around it needs."""
        return self.text if self.strength >= least else f"({self.text})"


def operands(join: str, parts: Sequence[Expression]) -> tuple[str, ...]:
    """Return the texts that a primitive of `JOINS` joins."""
    first, others, _ = _STRENGTHS[join]
    return tuple(part.within(others if place else first) for place, part in enumerate(parts))


def joined(join: str, parts: Sequence[Expression]) -> Expression:
    """Return values joined by a primitive of `JOINS`."""
    text = JOINS[join].join(operands(join, parts))
    if join == "concat":
        text = f"torch.cat([{text}], dim=1)"
    elif join == "mean":
        text = f"({text}) / {len(parts)}"
    return Expression(text, _STRENGTHS[join][2])


def chunked(source: Expression, parts: int) -> Expression:
    """Return a value cut into equal parts of its channels."""
    return Expression(f"{source.within(ATOM)}.chunk({parts}, dim=1)")


def is_function(node: Node) -> bool:
    """Whether a primitive is written as a function, without a layer."""
    if node.primitive == "zero":
        return len(node.shape) == 1 or node.attribute("stride") == (1, 1)
    return node.primitive in FUNCTIONS


def applied(node: Node, source: Expression) -> Expression:
    """Return a primitive of `FUNCTIONS` applied to a value."""
    return Expression(FUNCTIONS[node.primitive](node, source))


def _split(node: Node, source: Expression) -> str:
    parts = node.attribute("parts")
    assert isinstance(parts, int)
    return f"{chunked(source, parts).text}[{node.attribute('index')}]"


def _activated(activation: Activation) -> Callable[[Node, Expression], str]:
    def write(node: Node, source: Expression) -> str:
        numbers = (repr(node.attribute(argument.name)) for argument in activation.arguments)
        return f"{activation.function}({', '.join((source.text, *numbers))})"

    return write


FUNCTIONS: Mapping[str, Callable[[Node, Expression], str]] = {
    **{name: _activated(activation) for name, activation in ACTIVATIONS.items()},
    "zero": lambda node, source: f"torch.zeros_like({source.text})",
    "split": _split,
}
"""Primitives without weights, as functions: in a cell they need no layer."""
