"""Gates: what they come to around edges and where they are applied."""

from __future__ import annotations

from dataclasses import replace

from dslnas.diagnostics import Diagnostics, Note
from dslnas.edits import Advice, Edit
from dslnas.language.check.calls import called
from dslnas.language.check.context import Context
from dslnas.language.check.gate_body import GateBody
from dslnas.language.check.gate_calls import check_gate
from dslnas.language.check.value import SOURCE, Gate
from dslnas.language.link.link import library_edits
from dslnas.language.syntax import ast


class Gates:
    """The gates of a program; all are checked, also those that nothing uses.

    Attributes:
        sound: Those without mistakes, by name.
    """

    def __init__(self, context: Context) -> None:
        self._gates = context.linked.gates
        self._diagnostics = context.diagnostics
        self.sound: dict[str, GateBody] = {}
        for name, definition in self._gates.items():
            mistakes = Diagnostics()
            body = GateBody(definition, replace(context, diagnostics=mistakes))
            with self._diagnostics.collecting():
                check_gate(body, context.linked.operations, mistakes)
                mistakes.raise_if_any()
                self.sound[name] = body

    def around_edges(self, setting: ast.Setting) -> Gate | None:
        """Return the gate that stands around every edge of a cell.

        Records NAS201 for an unknown gate, NAS208 for one that needs what no edge can give, NAS502
        for what is no name of a gate.
        """
        value, span = setting.values[0], setting.values_span
        if len(setting.values) > 1 or not isinstance(value, ast.Name):
            message = f"`edge` takes the name of a gate, found `{span.brief}`"
            call = called(value)
            names = {other[0].text for one in setting.values if (other := called(one))}
            alone = (Edit(span, call[0].text),) if call and len(names) == 1 else ()
            words = "write the name alone: operation and source are those of the edge"
            help = Advice(words, edits=alone)
            self._diagnostics.add("NAS502", message, span, help=help)
            return None
        edits = library_edits("gate", value, "std.rnn") if isinstance(value, ast.Name) else ()
        otherwise = Advice("define it with `gate`, or `use std.rnn`", edits=edits)
        if not self._diagnostics.is_known(
            "gate", value.text, value.span, self._gates, otherwise=otherwise
        ):
            return None
        body = self.sound.get(value.text)
        if body is None:
            return None
        _, source, *more = body.definition.parameters
        missing = [p.name for p in more if p.default is None]
        if missing:
            self._diagnostics.add(
                "NAS208",
                f"gate `{value.text}` needs `{missing[0].text}`, which an edge cannot give",
                value.span,
                notes=[Note("the parameter is here", missing[0].span)],
                help="give it a default, such as the source of the edge",
            )
            return None
        values, output = body.instance(None, {source.name.text: SOURCE}, str)
        return Gate(value.text, values, output)
