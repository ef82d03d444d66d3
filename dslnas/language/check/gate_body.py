"""The definition of a gate taken apart, and what it comes to where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dslnas.diagnostics import Diagnostics
from dslnas.language.check.constants import Scope
from dslnas.language.check.dag import computing_order, reading_graph
from dslnas.language.check.value import CellValue, Reference, ValueExpression, names_in
from dslnas.language.check.values import Slot, ValueReader
from dslnas.language.link.link import LinkedProgram
from dslnas.language.syntax import ast
from dslnas.source import Span

OUTPUT = "output"


class GateBody:
    """A definition taken apart; mistakes go into `diagnostics`.

    Attributes:
        definition: The gate.
        linked: The program.
        constants: That the arguments of operations may use.
        diagnostics: Takes the mistakes.
        lets: Its values.
        settings: Everything else that it says.
        outputs: Those of them that say what it gives; one, where nothing is wrong.
    """

    def __init__(
        self,
        definition: ast.GateDef,
        linked: LinkedProgram,
        constants: Scope,
        diagnostics: Diagnostics,
    ) -> None:
        self.definition = definition
        self.linked = linked
        self.constants = constants
        self.diagnostics = diagnostics
        statements = definition.statements
        self.lets = [s for s in statements if isinstance(s, ast.Let)]
        self.settings = [s for s in statements if isinstance(s, ast.Setting)]
        self.outputs = [s for s in self.settings if s.key.text == OUTPUT]

    @property
    def slot(self) -> str:
        """The parameter that stands for the operation."""
        return self.definition.parameters[0].name.text

    def reader(self, names: Mapping[str, str], slot: Slot) -> ValueReader:
        """Return what reads values of the gate; gates do not apply each other."""

        def refuse(call: ast.Call) -> None:
            message = f"gate `{call.function.span.brief}` is applied inside of a gate"
            help = "write out what it computes"
            self.diagnostics.add("NAS311", message, call.function.span, help=help)

        gates = dict.fromkeys(self.linked.gates, refuse)
        return ValueReader(
            self.linked.operations, self.constants, names, self.diagnostics, slot, gates
        )

    def instance(
        self, slot: Slot, given: Mapping[str, str], rename: Callable[[str], str], span: Span | None
    ) -> tuple[tuple[CellValue, ...], ValueExpression]:
        """Return the values in computing order and the output, see `Gates.instance`."""
        names = dict(given)
        values: list[CellValue] = []
        for parameter in self.definition.parameters[1:]:
            key = parameter.name.text
            if key not in names:
                assert parameter.default is not None, "checked"
                default = self.reader(names, slot).read(parameter.default)
                assert default is not None, "checked"
                names[key] = default.name if isinstance(default, Reference) else rename(key)
                if not isinstance(default, Reference):
                    values.append(CellValue(names[key], default, span or parameter.name.span))
        names |= {let.name.text: rename(let.name.text) for let in self.lets}
        reader = self.reader(names, slot)
        for let in self.lets:
            expression = reader.read(let.value)
            assert expression is not None, "checked"
            values.append(CellValue(names[let.name.text], expression, span or let.name.span))
        output = reader.read(self.outputs[0].values[0])
        assert output is not None, "checked"
        by_name = {value.name: value for value in values}
        graph = reading_graph({v.name: names_in(v.expression) for v in values})
        return tuple(by_name[name] for name in computing_order(graph, by_name)), output
