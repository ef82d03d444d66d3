"""Sets of operations: what a list of names, sets, sums and differences stands for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from dslnas.diagnostics import Diagnostics, UserError, suggestion, user_error
from dslnas.language.check.cell import Operation
from dslnas.language.check.constants import Scope
from dslnas.language.check.operations import called, resolve
from dslnas.language.check.recursion import MAX_LEVELS
from dslnas.language.link.link import LinkedProgram
from dslnas.language.syntax import ast
from dslnas.source import Span

# In order, without repeats; None where something is wrong with it, which is then recorded.
_Operations: TypeAlias = dict[Operation, None] | None


class OperationSets:
    """Resolves lists of operations; mistakes go into `diagnostics`."""

    def __init__(self, linked: LinkedProgram, constants: Scope, diagnostics: Diagnostics) -> None:
        self._linked = linked
        self._constants = constants
        self._diagnostics = diagnostics
        self._done: dict[str, _Operations] = {}

    def check(self) -> None:
        """Check every set, also those that no cell chooses from."""
        for definition in self._linked.sets.values():
            self._item(definition.name, [], 0)

    def operations(self, items: Sequence[ast.Expression], span: Span) -> tuple[Operation, ...]:
        """Return the operations that a list stands for; none if anything is wrong with it.

        Records NAS201 for an unknown operation, NAS206 for a set that contains itself, NAS208 for
        wrong arguments, NAS306 for an empty list, NAS307 for a difference that takes away what is
        not there, NAS308 for an operation that is listed twice.
        """
        joined = self._joined(items, [], 0)
        if joined is not None and not joined:
            self._diagnostics.add(
                "NAS306",
                "choice is empty: no operation is left",
                span,
                help="leave at least one operation",
            )
        return tuple(joined or ())

    def _joined(
        self, items: Iterable[ast.Expression], path: Sequence[str], level: int
    ) -> _Operations:
        joined: dict[Operation, None] = {}
        is_sound = True
        for item in items:
            operations = self._item(item, path, level)
            is_sound = is_sound and operations is not None
            for operation in operations or ():
                if operation in joined:
                    message = f"`{operation.text}` is in the set twice"
                    self._diagnostics.add("NAS308", message, item.span, help="remove one of them")
                joined[operation] = None
        return joined if is_sound else None

    def _item(self, item: ast.Expression, path: Sequence[str], level: int) -> _Operations:
        if level > MAX_LEVELS:
            message = f"operation set is nested more than {MAX_LEVELS} levels deep"
            self._diagnostics.add("NAS108", message, item.span, help="write some of its sets out")
            return None
        match item:
            case ast.Binary(sign="+" | "-", left=left, right=right):
                first = self._item(left, path, level + 1)
                second = self._item(right, path, level + 1)
                if first is None or second is None:
                    return None
                return first | second if item.sign == "+" else self._difference(item, first, second)
            case ast.Choice(items=items):
                return self._joined(items, path, level + 1)
            case ast.Name(text=name) if name in self._linked.sets:
                return self._set(item, path, level)
        try:
            return {self._resolved(item): None}
        except UserError as error:
            self._diagnostics.extend(error)
            return None

    def _set(self, name: ast.Name, path: Sequence[str], level: int) -> _Operations:
        if name.text in path:
            circle = " -> ".join([*path[path.index(name.text) :], name.text])
            message = f"operation set contains itself: {circle}"
            self._diagnostics.add(
                "NAS206", message, name.span, help="a set may contain only others"
            )
            return None
        if name.text not in self._done:
            items = self._linked.sets[name.text].items
            self._done[name.text] = self._joined(items, [*path, name.text], level + 1)
        return self._done[name.text]

    def _difference(
        self, item: ast.Binary, first: dict[Operation, None], second: dict[Operation, None]
    ) -> dict[Operation, None]:
        for operation in second:
            if operation not in first:
                message = f"`{operation.text}` is not in the set it is taken from"
                help = suggestion(operation.text, [other.text for other in first])
                self._diagnostics.add("NAS307", message, item.right.span, help=help)
        return {operation: None for operation in first if operation not in second}

    def _resolved(self, item: ast.Expression) -> Operation:
        call = called(item)
        if call is not None and call[0].text in self._linked.gates:
            gate = call[0]
            raise user_error(
                "NAS304",
                f"`{gate.text}` is a gate, not an operation",
                span=gate.span,
                help=f"write `edge {gate.text}`: it then stands around every edge's operation",
            )
        try:
            return resolve(item, self._linked.operations, self._constants)
        except UserError as error:
            mistake = error.diagnostics[0]
            if mistake.code != "NAS201" or call is None or not self._linked.operations:
                raise
            known = [*self._linked.operations, *self._linked.sets]
            better = replace(mistake, help=suggestion(call[0].text, known))
            raise UserError([better]) from None
