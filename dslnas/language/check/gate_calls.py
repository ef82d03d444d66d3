"""Definitions of gates: what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.diagnostics import Note
from dslnas.language.check.bind_settings import check_once
from dslnas.language.check.dag import cycle_in, needed_for, reading_graph
from dslnas.language.check.gate_body import OUTPUT, GateBody
from dslnas.language.check.operations import BODY_NAMES
from dslnas.language.check.value import ValueExpression, is_activated, names_in
from dslnas.language.check.values import Slot
from dslnas.ops.catalogue import LANGUAGE
from dslnas.source import Span

MAX_PARTS = 200
"""Names, operations and signs of a gate: it stands around every operation of every edge."""


class GateChecker(GateBody):
    """Checks one definition."""

    parts = 0

    def check(self) -> None:
        """Record everything that is wrong with the definition.

        NAS108 for too many parts, NAS204 for a name that is taken, NAS301 for values that need
        each other, NAS302 for what is not needed, NAS312 for a gate that lacks something, and what
        `ValueReader` finds.
        """
        if not self._has_all() or not self._names_are_free():
            return
        slot = Slot(self.slot)
        known: dict[str, str] = {}
        read: dict[str, ValueExpression] = {}
        for parameter in self.definition.parameters[1:]:
            if parameter.default is not None:
                reader = self.reader(known, slot)
                default = reader.read(parameter.default)
                read |= {} if default is None else {parameter.name.text: default}
                self.parts += reader.parts
            known[parameter.name.text] = parameter.name.text
        known |= {let.name.text: let.name.text for let in self.lets}
        reader = self.reader(known, slot)
        for let in self.lets:
            reader.owner = let.name.text
            expression = reader.read(let.value)
            read |= {} if expression is None else {let.name.text: expression}
        reader.owner = ""
        output = reader.read(self.outputs[0].values[0])
        if output is not None and not self.diagnostics:
            self._check_use(read, output)
        self.parts += reader.parts
        self._check_size()

    def _has_all(self) -> bool:
        """Check that there are an operation, a source and an output."""
        name, parameters = self.definition.name, self.definition.parameters
        what = f"gate `{name.text}`"
        lacks = ""
        if len(parameters) < 2:
            lacks = "second parameter" if parameters else "parameters"
            help = f"write `gate {name.text}(f, state)`: an operation, and what an edge reads"
        elif any(parameter.default is not None for parameter in parameters[:2]):
            given = next(p for p in parameters[:2] if p.default is not None)
            message = "the operation of a gate and what it reads have no defaults"
            self.diagnostics.add("NAS312", message, given.span, help="remove the default")
        elif not self.outputs:
            lacks, help = "output", "write `output state + f(state)`, or what it gives"
        if lacks:
            self.diagnostics.add("NAS312", f"{what} has no {lacks}", name.span, help=help)
        for setting in self.settings:
            key = setting.key
            if key.text != OUTPUT:
                message = f"unknown setting `{key.text}` in {what}"
                help = "a gate has values, written with `let`, and one `output`"
                self.diagnostics.add("NAS501", message, key.span, help=help)
            elif len(setting.values) > 1:
                span = setting.values[1].span.to(setting.values[-1].span)
                message = f"`output` takes one value, found {len(setting.values)}"
                self.diagnostics.add("NAS502", message, span, help="join them: `concat(a, b)`")
        check_once(self.outputs, self.diagnostics)
        return not self.diagnostics

    def _names_are_free(self) -> bool:
        taken: dict[str, Span] = {}
        named = [*(p.name for p in self.definition.parameters), *(let.name for let in self.lets)]
        for place, name in enumerate(named):
            is_operation = name.text in self.linked.operations or name.text in LANGUAGE
            what = "parameter" if place < len(self.definition.parameters) else "value"
            if name.text in BODY_NAMES or (place == 0 and is_operation):
                meaning = "is an operation" if is_operation else "has a meaning of its own"
                message = f"`{name.text}` {meaning} and cannot be a {what}"
                self.diagnostics.add("NAS204", message, name.span, help="choose another name")
            elif name.text in taken:
                self.diagnostics.add(
                    "NAS204",
                    f"{what} `{name.text}` is already defined",
                    name.span,
                    notes=[Note("the first definition is here", taken[name.text])],
                    help="choose another name",
                )
            taken.setdefault(name.text, name.span)
        return not self.diagnostics

    def _check_use(self, read: Mapping[str, ValueExpression], output: ValueExpression) -> None:
        """Check that values can be computed, and that each is needed."""
        reads = {name: names_in(expression) for name, expression in read.items()}
        spans = {let.name.text: let.name.span for let in self.lets}
        graph = reading_graph(reads)
        cycle = cycle_in(graph, reads)
        if cycle:
            message = f"values need each other: {' -> '.join([*cycle, cycle[0]])}"
            help = "a value may read only what does not depend on it"
            self.diagnostics.add("NAS301", message, spans[cycle[0]], help=help)
            return
        needed = needed_for(graph, names_in(output))
        for name, span in spans.items():
            if name not in needed:
                message = f"value `{name}` does not reach the output"
                self.diagnostics.add("NAS302", message, span, help="read it, or remove it")
        for parameter in self.definition.parameters[1:]:
            if parameter.name.text not in needed:
                message = f"parameter `{parameter.name.text}` is never read"
                span = parameter.name.span
                self.diagnostics.add("NAS302", message, span, help="read it, or remove it")
        if not any(map(is_activated, (*read.values(), output))):
            message = f"operation `{self.slot}` is never applied"
            span = self.definition.parameters[0].span
            self.diagnostics.add(
                "NAS302", message, span, help=f"write `{self.slot}(...)` in the gate"
            )

    def _check_size(self) -> None:
        if self.parts > MAX_PARTS:
            name = self.definition.name
            message = f"gate `{name.text}` has more than {MAX_PARTS} parts"
            self.diagnostics.add("NAS108", message, name.span, help="let operations do more of it")
