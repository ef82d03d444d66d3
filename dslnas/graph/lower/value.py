"""Lowering of the fixed values of a cell, and of the gates around its operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from dslnas.diagnostics import user_error
from dslnas.graph.lower.context import CellContext, Shared
from dslnas.graph.lower.op_body import OpBody
from dslnas.graph.lower.subgraph import Several, Source, Value
from dslnas.language.check.value import (
    SOURCE,
    Activated,
    Applied,
    Gate,
    Joined,
    Reference,
    Together,
    ValueExpression,
)
from dslnas.language.print.format import format_expression
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import Shape, ShapeError, as_fixed, as_searched

Operate: TypeAlias = Callable[[Source], Value]
"""Applies the operation of an edge, in a gate."""


def lower_value(
    context: CellContext,
    path: str,
    expression: ValueExpression,
    values: Mapping[str, Source],
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
            return alone(values[name])
        case Applied(operation=operation, source=source) as applied:
            parts = source.operands if isinstance(source, Together) else (source,)
            ends = [lowered(part) for part in parts]
            first, *others = (end.shape for end in ends)
            expander = context.expander
            if applied.has_own_weights:  # they stay what the search made of them
                expander = expander.of_search()
            body = expander.expression(operation, first, context.channels, others=tuple(others))
            return context.apply(path, _with_own(applied, body), together(ends), shared)
        case Activated(source=source):
            assert operate is not None, "checked: only gates have an operation"
            return operate(lowered(source))
        case Together():
            raise AssertionError("read by operations only")
    ends = [lowered(part) for part in expression.operands]
    _check_join(expression, tuple(end.shape for end in ends))
    here = context.out.path(path, expression.primitive)
    return context.out.join(here, expression.primitive, ends)


def _with_own(applied: Applied, body: OpBody) -> OpBody:
    """Return an operation whose weights are a part of the architecture, where it says so.

    Raises:
        UserError: NAS401 if there are not as many numbers as weights.
    """
    if applied.is_searched:
        layers = (replace(layer, weights=as_searched(layer.weights)) for layer in body.layers)
        return replace(body, layers=tuple(layers))
    if not applied.weights:
        return body
    if len(applied.weights) != body.params:
        shown = format_expression(applied.operation)
        raise user_error(
            "NAS401",
            f"`{shown}` has {body.params} weights here, and {len(applied.weights)} are given",
            span=applied.span,
            help="a search writes as many as there are: take them as they are",
        )
    fixed, start = [], 0
    for layer in body.layers:
        end = start + sum(weight.size for weight in layer.weights if weight.trained)
        fixed.append(replace(layer, weights=as_fixed(layer.weights, applied.weights[start:end])))
        start = end
    return replace(body, layers=tuple(fixed))


def lower_source(
    context: CellContext,
    path: str,
    expression: ValueExpression,
    values: Mapping[str, Source],
) -> Source:
    """Return what an expression gives, which may be several values for an edge to read."""
    if isinstance(expression, Together):
        operands = expression.operands
        return together([lower_value(context, path, part, values) for part in operands])
    return lower_value(context, path, expression, values)


def alone(source: Source) -> Value:
    """Return the value that a source is; several values are read by operations only."""
    assert isinstance(source, Value), "checked: nothing else reads several values"
    return source


def together(values: Sequence[Value]) -> Source:
    """Return what an operation reads that reads some values."""
    return values[0] if len(values) == 1 else Several(tuple(values))


def lower_gate(context: CellContext, gate: Gate, source: Value) -> dict[str, Source]:
    """Return by name what of a gate is the same for all operations of an edge, and the source."""
    values: dict[str, Source] = {SOURCE: source}
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
    values: Mapping[str, Source],
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
    return alone(known["gated"])


def _depends(expression: ValueExpression, on: set[str]) -> bool:
    """Whether an expression needs the operation of the edge, or a value that does."""
    match expression:
        case Reference(name=name):
            return name in on
        case Applied(source=source):
            return _depends(source, on)
        case Joined(operands=operands) | Together(operands=operands):
            return any(_depends(part, on) for part in operands)
    return True


def _check_join(expression: Joined, shapes: tuple[Shape, ...]) -> None:
    try:
        PRIMITIVES[expression.primitive].shape({}, shapes)
    except ShapeError as error:
        raise user_error("NAS401", str(error), span=expression.span, help=error.help) from None
