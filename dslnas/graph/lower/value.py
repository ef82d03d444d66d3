"""The way through the fixed values of a cell, and through the gates around its operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from dslnas.diagnostics import user_error
from dslnas.graph.lower.expand import Expander
from dslnas.graph.lower.maker import Maker
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
from dslnas.space.network import SearchSpace

Value = TypeVar("Value")


@dataclass
class Shared:
    """Where weights are shared: all that stand at the same place of the same gate of a node.

    Attributes:
        node: Path of the node.
        part: Name of the part of the gate.
        places: Numbers the layers in it.
    """

    node: str
    part: str
    places: Iterator[int] = field(default_factory=count)


class ValueWalk(Maker[Value]):
    """Computes what `let` and gates say."""

    def __init__(self, space: SearchSpace, *, derived: bool) -> None:
        self._expander = Expander(space.definitions, space.constants, derived=derived)
        self._owners: dict[tuple[str, str, int], str] = {}

    def value(
        self,
        path: str,
        expression: ValueExpression,
        values: Mapping[str, Value],
        channels: int,
        *,
        shared: Shared | None = None,
        operate: Callable[[Value], Value] | None = None,
    ) -> Value:
        """Return what an expression gives.

        Args:
            path: Where its layers stand.
            expression: What is computed.
            values: What it may read, by name.
            channels: C of the cell.
            shared: With whom its layers share their weights; None for weights of their own.
            operate: In a gate: applies the operation of the edge.

        Raises:
            UserError: NAS401 where shapes do not fit.
        """

        def inner(part: ValueExpression) -> Value:
            return self.value(path, part, values, channels, shared=shared, operate=operate)

        match expression:
            case Reference(name=name):
                return values[name]
            case Applied(operation=operation, source=source):
                end = inner(source)
                fragment = self._expander.value(operation, self.shape(end), channels)
                owner = self._owner(shared, path)
                return self.layers(path, fragment, end, owner, shared=shared is not None)
            case Activated(source=source):
                assert operate is not None, "checked: only gates have an operation"
                return operate(inner(source))
        ends = [inner(part) for part in expression.operands]
        _check_join(expression, tuple(self.shape(end) for end in ends))
        return self.join(self.path(path, expression.primitive), expression.primitive, ends)

    def gate(
        self, path: str, node: str, gate: Gate, source: Value, channels: int
    ) -> dict[str, Value]:
        """Compute what of a gate is the same for all operations of an edge.

        Args:
            path: Of the edge.
            node: Path of the node, whose edges share the weights of the gate.
            gate: What stands around the operations.
            source: What the edge reads.
            channels: C of the cell.

        Returns:
            Values by name, the source included.
        """
        values = {SOURCE: source}
        waiting: set[str] = set()
        for value in gate.values:
            if _depends(value.expression, waiting):
                waiting.add(value.name)
                continue
            here, shared = self.path(path, value.name), Shared(node, value.name)
            values[value.name] = self.value(here, value.expression, values, channels, shared=shared)
        return values

    def gated(
        self,
        path: str,
        node: str,
        gate: Gate,
        values: Mapping[str, Value],
        channels: int,
        operate: Callable[[Value], Value],
    ) -> Value:
        """Return what a gate makes of one operation of an edge.

        Args:
            path: Of the operation.
            node: As of `gate`.
            gate: What stands around it.
            values: What `gate` returned.
            channels: C of the cell.
            operate: Applies the operation.
        """
        known = dict(values)
        parts = [(value.name, value.expression) for value in gate.values]
        for name, expression in [*parts, ("gated", gate.output)]:
            if name not in known:
                here, shared = self.path(path, name), Shared(node, name)
                known[name] = self.value(
                    here, expression, known, channels, shared=shared, operate=operate
                )
        return known["gated"]

    def _owner(self, shared: Shared | None, path: str) -> str | None:
        """Return whose weights layers at `path` use; None for their own."""
        if shared is None:
            return None
        key = (shared.node, shared.part, next(shared.places))
        if key not in self._owners:
            self._owners[key] = path
            return None
        return self._owners[key]


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
