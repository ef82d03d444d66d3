"""The definition of a gate taken apart, and what it comes to where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dslnas.language.check.context import Context
from dslnas.language.check.dag import computing_order, reading_graph
from dslnas.language.check.value import CellValue, Reference, ValueExpression, names_in
from dslnas.language.check.values import Slot, ValueReader
from dslnas.language.syntax import ast
from dslnas.source import Span

OUTPUT = "output"


class GateBody:
    """A definition taken apart.

    Attributes:
        settings: Everything that is no value.
        outputs: Those of them that say what it gives; one, where nothing is wrong.
        parts: How many names, operations and signs it has; counted by whoever checks it.
    """

    def __init__(self, definition: ast.GateDef, context: Context) -> None:
        self.definition = definition
        self._context = context
        statements = definition.statements
        self.lets = [s for s in statements if isinstance(s, ast.Let)]
        self.settings = [s for s in statements if isinstance(s, ast.Setting)]
        self.outputs = [s for s in self.settings if s.key.text == OUTPUT]
        self.parts = 0

    @property
    def slot(self) -> str:
        """The parameter that stands for the operation."""
        return self.definition.parameters[0].name.text

    def reader(self, names: Mapping[str, str], slot: Slot) -> ValueReader:
        """Return what reads values of the gate; gates do not apply each other."""

        def refuse(call: ast.Call) -> None:
            message = f"gate `{call.function.span.brief}` is applied inside of a gate"
            help = "write out what it computes"
            self._context.diagnostics.add("NAS311", message, call.function.span, help=help)

        gates = dict.fromkeys(self._context.linked.gates, refuse)
        return ValueReader(self._context, names, slot, gates)

    def instance(
        self,
        operation: ast.Expression | None,
        given: Mapping[str, str],
        rename: Callable[[str], str],
        span: Span | None = None,
    ) -> tuple[tuple[CellValue, ...], ValueExpression]:
        """Return the values of a gate without mistakes in computing order, and what it gives.

        Args:
            operation: Operation in the place of its first parameter; None for that of an edge.
            given: By parameter the value that it is; the others are their defaults.
            rename: Names the values.
            span: Where the gate is applied.
        """
        names, slot = dict(given), Slot(self.slot, operation)
        values: list[CellValue] = []

        def read(expression: ast.Expression | None) -> ValueExpression:
            assert expression is not None, "checked"
            value = self.reader(names, slot).read(expression)
            assert value is not None, "checked"
            return value

        for parameter in self.definition.parameters[1:]:
            key = parameter.name.text
            if key in names:
                continue
            default = read(parameter.default)
            names[key] = default.name if isinstance(default, Reference) else rename(key)
            if not isinstance(default, Reference):
                values.append(CellValue(names[key], default, span or parameter.name.span))
        names |= {let.name.text: rename(let.name.text) for let in self.lets}
        for let in self.lets:
            value = CellValue(names[let.name.text], read(let.value), span or let.name.span)
            values.append(value)
        by_name = {value.name: value for value in values}
        graph = reading_graph({v.name: names_in(v.expression) for v in values})
        order = computing_order(graph, by_name)
        return tuple(by_name[name] for name in order), read(self.outputs[0].values[0])
