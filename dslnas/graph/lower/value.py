"""Lowering of the fixed values of a cell, and of the gates around its operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

from dslnas.diagnostics import user_error
from dslnas.graph.lower.context import CellContext, Shared
from dslnas.graph.lower.subgraph import Value
from dslnas.language.check.value import (
    SOURCE,
    Activated,
    Applied,
    Gate,
    Joined,
    Reference,
    ValueExpression,
)
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import Shape, ShapeError

Operate: TypeAlias = Callable[[Value], Value]
"""Applies the operation of an edge, in a gate."""


def lower_value(
    context: CellContext,
    path: str,
    expression: ValueExpression,
    values: Mapping[str, Value],
    *,
    shared: Shared | None = None,
    operate: Operate | None = None,
) -> Value:
    """Return what an expression gives.

    Args:
        context: The cell.
        path: Where its layers stand.
        expression: The expression.
        values: Values that it may read, by name.
        shared: With whom its layers share their weights; None for weights of their own.
        operate: In a gate: applies the operation of the edge.

    Raises:
        UserError: NAS401 where shapes do not fit.
    """
    lowered = partial(lower_value, context, path, values=values, shared=shared, operate=operate)
    match expression:
        case Reference(name=name):
            return values[name]
        case Applied(operation=operation, source=source):
            end = lowered(source)
            body = context.expander.expression(operation, end.shape, context.channels)
            return context.apply(path, body, end, shared)
        case Activated(source=source):
            assert operate is not None, "checked: only gates have an operation"
            return operate(lowered(source))
    ends = [lowered(part) for part in expression.operands]
    _check_join(expression, tuple(end.shape for end in ends))
    here = context.out.path(path, expression.primitive)
    return context.out.join(here, expression.primitive, ends)


def lower_gate(context: CellContext, gate: Gate, source: Value) -> dict[str, Value]:
    """Return by name what of a gate is the same for all operations of an edge, and the source."""
    values = {SOURCE: source}
    waiting: set[str] = set()
    for value in gate.values:
        if _depends(value.expression, waiting):
            waiting.add(value.name)
            continue
        here, shared = context.out.path("", value.name), Shared(value.name)
        values[value.name] = lower_value(context, here, value.expression, values, shared=shared)
    return values


def lower_gated(
    context: CellContext,
    path: str,
    gate: Gate,
    values: Mapping[str, Value],
    operate: Operate,
) -> Value:
    """Return what a gate makes of one operation of an edge; values are those of `lower_gate`."""
    known = dict(values)
    parts = [(value.name, value.expression) for value in gate.values]
    for name, expression in [*parts, ("gated", gate.output)]:
        if name not in known:
            here, shared = context.out.path(path, name), Shared(name)
            known[name] = lower_value(
                context, here, expression, known, shared=shared, operate=operate
            )
    return known["gated"]


def _depends(expression: ValueExpression, on: set[str]) -> bool:
    """Whether an expression needs the operation of the edge, or a value that does."""
    match expression:
        case Reference(name=name):
            return name in on
        case Applied(source=source):
            return _depends(source, on)
        case Joined(operands=operands):
            return any(_depends(part, on) for part in operands)
    return True


def _check_join(expression: Joined, shapes: tuple[Shape, ...]) -> None:
    try:
        PRIMITIVES[expression.primitive].shape({}, shapes)
    except ShapeError as error:
        raise user_error("NAS401", str(error), span=expression.span, help=error.help) from None
