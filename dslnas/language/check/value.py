"""Values of a cell: what is computed as it is written, with nothing to choose.

`let both = linear(2 * C)(concat(x, h))` is one, and so is everything inside of a gate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import TypeAlias

from dslnas.language.syntax import ast
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait
from dslnas.source import Span

SOURCE = ""
"""Name of the tensor that an edge reads, in the gate that stands around its operation."""


@dataclass(frozen=True)
class Reference:
    """An input, a state, a node or a value, by name; in a gate also `SOURCE`."""

    name: str
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Applied:
    """An operation of the language applied to a value: `linear(2 * C)(reads)`.

    Attributes:
        is_searched: Whether its weights are a part of the architecture.
        weights: Its weights where they are given; else empty.
    """

    operation: ast.Expression
    source: ValueExpression
    span: Span = field(compare=False, repr=False)
    is_searched: bool = False
    weights: tuple[float, ...] = field(default=(), repr=False)

    @property
    def has_own_weights(self) -> bool:
        """Whether its weights belong to the architecture, found or still to be found."""
        return self.is_searched or bool(self.weights)


@dataclass(frozen=True)
class Joined:
    """Values joined by a primitive: `a + b`, `a * b`, `concat(a, b)`."""

    primitive: str
    operands: tuple[ValueExpression, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Together:
    """Values that an operation reads at once: what `plus(p, q)` is applied to, as `text`."""

    operands: tuple[ValueExpression, ...]
    text: str
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Activated:
    """In a gate: the operation of the edge applied to a value."""

    source: ValueExpression
    span: Span = field(compare=False, repr=False)


ValueExpression: TypeAlias = Reference | Applied | Joined | Together | Activated


@dataclass(frozen=True)
class CellValue:
    """A named value of a cell or a gate."""

    name: str
    expression: ValueExpression
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Gate:
    """The values around the operation of every edge.

    Attributes:
        values: Named parts; those without `Activated` are the same for all operations of an edge.
        output: Value that the edge gives.
    """

    name: str
    values: tuple[CellValue, ...]
    output: ValueExpression

    @cached_property
    def hands_on(self) -> bool:
        """Whether it hands on what the edge reads where the operation gives zeros."""
        flows = {SOURCE: _Flow.READ}
        for value in self.values:
            flows[value.name] = _flow(value.expression, flows)
        return _flow(self.output, flows) is _Flow.READ


class _Flow(IntEnum):
    """A value of a gate whose operation gives zeros."""

    ZERO = 0
    CONSTANT = 1
    READ = 2
    """It depends on what the edge reads."""


def _flow(expression: ValueExpression, flows: Mapping[str, _Flow]) -> _Flow:
    match expression:
        case Reference(name=name):
            return flows.get(name, _Flow.CONSTANT)
        case Activated():
            return _Flow.ZERO
        case Applied(source=source):
            return max(_flow(source, flows), _Flow.CONSTANT)
        case Together(operands=operands):
            return max(_flow(operand, flows) for operand in operands)
        case Joined(primitive=primitive, operands=operands):
            found = [_flow(operand, flows) for operand in operands]
            is_product = has_trait(primitive, Trait.MULTILINEAR)
            return _Flow.ZERO if is_product and _Flow.ZERO in found else max(found)


def names_in(expression: ValueExpression) -> tuple[str, ...]:
    """Return what an expression reads, each name once, in the order of writing."""
    match expression:
        case Reference(name=name):
            return (name,)
        case Applied(source=source) | Activated(source=source):
            return names_in(source)
        case Joined(operands=operands) | Together(operands=operands):
            return tuple(dict.fromkeys(name for part in operands for name in names_in(part)))


def inside(expression: ValueExpression) -> Iterator[ValueExpression]:
    """Yield the expressions that another one is made of, itself left out."""
    parts: tuple[ValueExpression, ...] = ()
    match expression:
        case Applied(source=source) | Activated(source=source):
            parts = (source,)
        case Joined(operands=operands) | Together(operands=operands):
            parts = operands
    for part in parts:
        yield part
        yield from inside(part)


def is_activated(expression: ValueExpression) -> bool:
    """Whether the operation of the edge is applied somewhere in an expression."""
    match expression:
        case Applied(source=source):
            return is_activated(source)
        case Joined(operands=operands) | Together(operands=operands):
            return any(map(is_activated, operands))
    return isinstance(expression, Activated)
