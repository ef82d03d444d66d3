"""Gates: what they come to around edges and where they are applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dslnas.diagnostics import Diagnostics, Note, UserError, suggestion
from dslnas.language.check.constants import Scope
from dslnas.language.check.gate_body import GateBody
from dslnas.language.check.gate_calls import GateChecker
from dslnas.language.check.value import SOURCE, CellValue, Gate, ValueExpression
from dslnas.language.check.values import Slot
from dslnas.language.link.link import LinkedProgram
from dslnas.language.syntax import ast
from dslnas.source import Span


class Gates:
    """The gates of a program; mistakes go into `diagnostics`.

    Attributes:
        parts: How many names, operations and signs a gate without mistakes has.
    """

    def __init__(self, linked: LinkedProgram, constants: Scope, diagnostics: Diagnostics) -> None:
        self._linked = linked
        self._constants = constants
        self._diagnostics = diagnostics
        self._sound: dict[str, ast.GateDef] = {}
        self.parts: dict[str, int] = {}

    def check(self) -> None:
        """Check all definitions, also those that nothing uses."""
        for name, definition in self._linked.gates.items():
            mistakes = Diagnostics()
            checker = GateChecker(definition, self._linked, self._constants, mistakes)
            checker.check()
            try:
                mistakes.raise_if_any()
            except UserError as error:
                self._diagnostics.extend(error)
            else:
                self._sound[name] = definition
                self.parts[name] = checker.parts

    def around_edges(self, setting: ast.Setting) -> Gate | None:
        """Return the gate that stands around every edge of a cell.

        Records NAS201 for an unknown gate, NAS208 for one that needs what no edge can give, NAS502
        for what is no name of a gate.
        """
        value, gates = setting.values[0], self._linked.gates
        span = value.span.to(setting.values[-1].span)
        if len(setting.values) > 1 or not isinstance(value, ast.Name):
            message = f"`edge` takes the name of a gate, found `{span.brief}`"
            help = "write the name alone: operation and source are those of the edge"
            self._diagnostics.add("NAS502", message, span, help=help)
            return None
        if value.text not in gates:
            help = suggestion(value.text, gates) or "define it with `gate`, or `use std.rnn`"
            self._diagnostics.add("NAS201", f"unknown gate `{value.text}`", value.span, help=help)
            return None
        definition = self._sound.get(value.text)
        if definition is None:
            return None
        missing = [p.name for p in definition.parameters[2:] if p.default is None]
        if missing:
            self._diagnostics.add(
                "NAS208",
                f"gate `{value.text}` needs `{missing[0].text}`, which an edge cannot give",
                value.span,
                notes=[Note("the parameter is here", missing[0].span)],
                help="give it a default, such as the source of the edge",
            )
            return None
        source = definition.parameters[1].name.text
        values, output = self.instance(value.text, Slot(""), {source: SOURCE}, str)
        return Gate(value.text, values, output)

    def definition(self, name: str) -> ast.GateDef | None:
        """Return a definition without mistakes."""
        return self._sound.get(name)

    def instance(
        self,
        name: str,
        operation: Slot,
        given: Mapping[str, str],
        rename: Callable[[str], str],
        span: Span | None = None,
    ) -> tuple[tuple[CellValue, ...], ValueExpression]:
        """Return the values of a gate in computing order, and what it gives.

        Args:
            name: Name of a gate without mistakes.
            operation: Operation in the place of its first parameter.
            given: By parameter the value that it is; the others are their defaults.
            rename: Names the values.
            span: Where the gate is applied.
        """
        body = GateBody(self._sound[name], self._linked, self._constants, Diagnostics())
        return body.instance(Slot(body.slot, operation.operation), given, rename, span)
