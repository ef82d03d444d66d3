"""The values of a cell: its lets and its `first`, with the gates that they apply written out."""

from __future__ import annotations

from dslnas.edits import Advice, Edit, addition, removal
from dslnas.language.check.bind import bind, only_value, parameters_of
from dslnas.language.check.calls import reads_several
from dslnas.language.check.cell_names import CellNames
from dslnas.language.check.cell_parts import FIRST, CellParts
from dslnas.language.check.context import Context
from dslnas.language.check.gates import Gates
from dslnas.language.check.value import (
    Applied,
    CellValue,
    Reference,
    ValueExpression,
    inside,
)
from dslnas.language.check.values import ValueReader
from dslnas.language.link.used_names import mentioned
from dslnas.language.print.format import format_expression
from dslnas.language.syntax import ast
from dslnas.names import free_name
from dslnas.source import Span

MAX_PARTS = 2000
"""Names, operations and signs of a cell's values, those of the gates they apply included."""


class CellValues:
    """Reads the values of one cell, those of gates before the one that they are made for.

    Records NAS108 for a cell of too many parts, and what `ValueReader` finds.

    Attributes:
        values: Those that were read.
        written: Lines of text, by name, for values that are written where they are read.
    """

    def __init__(self, parts: CellParts, names: CellNames, context: Context, gates: Gates) -> None:
        self.values: list[CellValue] = []
        self.written: list[tuple[str, str]] = []
        self._parts = parts
        self._what = parts.what
        self._constants = context.constants
        self._linked = context.linked
        self._gates = gates.sound
        self._diagnostics = context.diagnostics
        self._known = set(names.all)
        self._taken = set(names.all)
        self._of_gates = 0
        self._reader = ValueReader(
            context,
            {name: name for name in names.all},
            gates=dict.fromkeys(context.linked.gates, self._apply),
        )

    def read_named(self) -> None:
        """Read the first value and those of `let`."""
        first = self._parts.given.get(FIRST)
        if first is not None:
            joined = " + ".join(value.span.text for value in first.values)
            edit = Edit(first.values_span, joined, safe=False)
            help = Advice("join them: `a + b`", edits=(edit,))
            value = only_value(first, self._diagnostics, help)
            self._read(FIRST, value, first.key.span)
        for let in self._parts.lets:
            if isinstance(let.value, ast.Number):
                self._reader.refuse_number(let.value, self._outside(let))
            else:
                self._read(let.name.text, let.value, let.name.span)

    def _outside(self, let: ast.Let) -> tuple[Edit, ...]:
        """Return the edits that put a constant in front of its cell."""
        cell = self._parts.definition.span
        if let.span not in cell or let.name.text in self._constants:
            return ()
        return (addition(cell, f"{let.span.text}\n"), removal(let.span))

    def read_in_place(self, expression: ast.Expression, wish: str) -> str:
        """Read a value that is written where it is read; return the name that it gets."""
        if isinstance(expression, ast.Name):
            return expression.text
        return self.naming(expression, wish)

    def naming(self, expression: ast.Expression, wish: str) -> str:
        """Read a value, and return the name that it gets, even if it has one."""
        name = self._taking(wish)
        self._read(name, expression, expression.span)
        if not isinstance(expression, ast.Tuple):  # several are written where they are read
            self.written.append((name, f"let {name} = {format_expression(expression)}"))
        return name

    def may_read_several(self, function: ast.Expression) -> bool:
        """Whether a choice of operations, or an operation, may read several values at once."""
        match function:
            case ast.Choice() | ast.Binary():
                return True
            case ast.Name(text=text) if text in self._linked.sets:
                return True
        return reads_several(function, self._linked.operations)

    def mentions(self, expression: ast.Expression) -> bool:
        """Whether an expression reads something of the cell."""
        return not self._known.isdisjoint(mentioned(expression))

    def _read(self, name: str, written: ast.Expression, span: Span) -> None:
        self._reader.owner = name
        in_place = isinstance(written, ast.Tuple) and name not in self._known
        expression = self._reader.read_source(written) if in_place else self._reader.read(written)
        if self._reader.parts + self._of_gates > MAX_PARTS:
            message = f"values of {self._what} have more than {MAX_PARTS:,} parts"
            self._diagnostics.add("NAS108", message, span, help="let operations do more of it")
            self._diagnostics.raise_if_any()
        if expression is not None:
            self._check_searched(expression)
            self.values.append(CellValue(name, expression, span))

    def _check_searched(self, expression: ValueExpression) -> None:
        """Check that an operation whose weights are searched makes a value of its own."""
        for inner in inside(expression):
            if isinstance(inner, Applied) and inner.is_searched:
                message = f"`{inner.span.brief}` has searched weights, and stands inside of a value"
                help = "give it a name with `let`, and use that name"
                self._diagnostics.add("NAS311", message, inner.span, help=help)

    def _apply(self, call: ast.Call) -> ValueExpression | None:
        """Return what a gate gives; its parts become values of the cell."""
        assert isinstance(call.function, ast.Name)
        gate = self._gates.get(call.function.text)
        if gate is None:  # what is wrong with it is recorded already
            return None
        with self._diagnostics.collecting():
            bound = bind(call.function, call.arguments, parameters_of(gate.definition))
            operation = bound.pop(gate.slot)
            self._reader.check_operation(operation)
            given = {}
            for key, argument in bound.items():
                value = self._reader.read(argument)
                if value is not None:
                    given[key] = self._named(key, value, argument.span)
            if len(given) == len(bound):
                self._of_gates += gate.parts
                values, output = gate.instance(operation, given, self._free, call.span)
                self.values += values
                return output
        return None

    def _named(self, key: str, value: ValueExpression, span: Span) -> str:
        """Return the name of a value, a new one if it has none: it may be read more than once."""
        if isinstance(value, Reference):
            return value.name
        name = self._free(key)
        self.values.append(CellValue(name, value, span))
        return name

    def _free(self, key: str) -> str:
        """Return a name that no value has, and take it."""
        return self._taking(f"{self._reader.owner}_{key}")

    def _taking(self, wish: str) -> str:
        name = free_name(wish, self._taken)
        self._taken.add(name)
        return name
