"""The values of a cell: its lets and its `first`, with the gates that they apply written out."""

from __future__ import annotations

from dslnas.diagnostics import Diagnostics, UserError
from dslnas.language.check.cell_names import CellNames
from dslnas.language.check.cell_parts import FIRST, CellParts, values_span
from dslnas.language.check.constants import Scope
from dslnas.language.check.gates import Gates
from dslnas.language.check.operations import bind
from dslnas.language.check.value import CellValue, Reference, ValueExpression
from dslnas.language.check.values import Slot, ValueReader
from dslnas.language.link.link import LinkedProgram
from dslnas.language.syntax import ast
from dslnas.source import Span

MAX_PARTS = 2000
"""Names, operations and signs of a cell's values, those of the gates they apply included."""


class CellValues:
    """Reads the values of one cell; mistakes go into `diagnostics`."""

    def __init__(
        self,
        parts: CellParts,
        names: CellNames,
        linked: LinkedProgram,
        constants: Scope,
        gates: Gates,
        diagnostics: Diagnostics,
    ) -> None:
        self._parts = parts
        self._gates = gates
        self._diagnostics = diagnostics
        self._taken = set(names.all)
        self._values: list[CellValue] = []
        self._of_gates = 0
        self._reader = ValueReader(
            linked.operations,
            constants,
            {name: name for name in names.all},
            diagnostics,
            gates=dict.fromkeys(linked.gates, self._apply),
        )

    def read(self) -> tuple[CellValue, ...]:
        """Return all values, those of gates before the one that they are made for.

        Records NAS108 for a cell of too many parts, and what `ValueReader` finds.
        """
        first = self._parts.given.get(FIRST)
        if first is not None:
            self._read(FIRST, first.values[0], first.key.span)
            if len(first.values) > 1:
                message = f"`first` takes one value, found {len(first.values)}"
                self._diagnostics.add(
                    "NAS502", message, values_span(first), help="join them: `a + b`"
                )
        for let in self._parts.lets:
            self._read(let.name.text, let.value, let.name.span)
        return tuple(self._values)

    def _read(self, name: str, written: ast.Expression, span: Span) -> None:
        self._reader.owner = name
        expression = self._reader.read(written)
        parts = self._reader.parts + self._of_gates
        if parts > MAX_PARTS:
            message = f"values of {self._parts.what} have more than {MAX_PARTS:,} parts"
            self._diagnostics.add("NAS108", message, span, help="let operations do more of it")
            self._diagnostics.raise_if_any()
        if expression is not None:
            self._values.append(CellValue(name, expression, span))

    def _apply(self, call: ast.Call) -> ValueExpression | None:
        """Return what a gate gives; its parts become values of the cell."""
        assert isinstance(call.function, ast.Name)
        gate = call.function.text
        definition = self._gates.definition(gate)
        if definition is None:  # what is wrong with it is recorded already
            return None
        parameters = [p.name.text for p in definition.parameters]
        required = [p.name.text for p in definition.parameters if p.default is None]
        try:
            bound = bind(call.function, call.arguments, parameters, required)
        except UserError as error:
            self._diagnostics.extend(error)
            return None
        operation = bound.pop(parameters[0])
        self._reader.check_operation(operation)
        given = {}
        for key, argument in bound.items():
            value = self._reader.read(argument)
            if value is not None:
                given[key] = self._named(key, value, argument.span)
        if len(given) < len(bound):
            return None
        self._of_gates += self._gates.parts[gate]
        slot = Slot(parameters[0], operation)
        values, output = self._gates.instance(gate, slot, given, self._free, call.span)
        self._values += values
        return output

    def _named(self, key: str, value: ValueExpression, span: Span) -> str:
        """Return the name of a value, a new one if it has none: it may be read more than once."""
        if isinstance(value, Reference):
            return value.name
        name = self._free(key)
        self._values.append(CellValue(name, value, span))
        return name

    def _free(self, key: str) -> str:
        name = wanted = f"{self._reader.owner}_{key}"
        number = 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name
