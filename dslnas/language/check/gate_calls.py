"""Definitions of gates: what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.diagnostics import Diagnostics
from dslnas.edits import Advice, Edit, idle_removal, removal, second_removal
from dslnas.language.check.bind import only_value
from dslnas.language.check.calls import BODY_NAMES
from dslnas.language.check.dag import cycle_in, needed_for, reading_graph
from dslnas.language.check.gate_body import OUTPUT, GateBody
from dslnas.language.check.value import ValueExpression, is_activated, names_in
from dslnas.language.check.values import Slot
from dslnas.language.link.definitions import Definitions
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE
from dslnas.settings.sections import CellSettings
from dslnas.source import Span
from dslnas.spelling import is_called, renamed

MAX_PARTS = 200
"""Names, operations and signs of a gate: it stands around every operation of every edge."""


def check_gate(body: GateBody, operations: Definitions, diagnostics: Diagnostics) -> None:
    """Record everything that is wrong with a definition, and count its parts.

    NAS108 for too many parts, NAS204 for a name that is taken, NAS301 for values that need each
    other, NAS302 for what is not needed, NAS312 for a gate that lacks something, and what
    `ValueReader` finds.
    """
    _check_statements(body, diagnostics)
    if diagnostics:
        return
    _check_names(body, operations, diagnostics)
    if diagnostics:
        return
    read, output = _read(body)
    if output is not None and not diagnostics:
        _check_use(body, read, output, diagnostics)
    if body.parts > MAX_PARTS:
        name = body.definition.name
        message = f"gate `{name.text}` has more than {MAX_PARTS} parts"
        diagnostics.add("NAS108", message, name.span, help="let operations do more of it")


def _check_statements(body: GateBody, diagnostics: Diagnostics) -> None:
    """Check that there are an operation, a source and one output of one value."""
    name, parameters = body.definition.name, body.definition.parameters
    what = f"gate `{name.text}`"
    given = [p for p in parameters[:2] if p.default is not None]
    if len(parameters) < 2:
        message = f"{what} has no {'second parameter' if parameters else 'parameters'}"
        help = f"write `gate {name.text}(f, state)`: an operation, and what an edge reads"
        diagnostics.add("NAS312", message, name.span, help=help)
    elif given:
        message = "the operation of a gate and what it reads have no defaults"
        default = Span(name.span.source, given[0].name.span.end, given[0].span.end)
        without = Advice("remove the default", edits=(Edit(default, ""),))
        diagnostics.add("NAS312", message, given[0].span, help=without)
    elif not body.outputs:
        help = "write `output state + f(state)`, or what it gives"
        diagnostics.add("NAS312", f"{what} has no output", name.span, help=help)
    for setting in body.settings:
        key = setting.key
        if key.text != OUTPUT:
            message = f"unknown setting `{key.text}` in {what}"
            words = "a gate has values, written with `let`, and one `output`"
            is_of_cells = key.text in CellSettings.all_keys()
            edits = (removal(setting.span),) if is_of_cells else ()
            diagnostics.add("NAS501", message, key.span, help=Advice(words, edits=edits))
        else:
            listed = setting.values_span
            edit = Edit(listed, f"concat({listed.text})", safe=False)
            only_value(setting, diagnostics, Advice("join them: `concat(a, b)`", edits=(edit,)))
    for second in body.outputs[1:]:
        first = body.outputs[0]
        edits = (second_removal(first.span, second.span),)
        diagnostics.add_twice(f"`{OUTPUT}` is set twice", second.key.span, first.key.span, edits)


def _check_names(body: GateBody, operations: Definitions, diagnostics: Diagnostics) -> None:
    taken: dict[str, Span] = {}
    parameters = [p.name for p in body.definition.parameters]
    for place, name in enumerate([*parameters, *(let.name for let in body.lets)]):
        is_operation = name.text in operations or name.text in LANGUAGE
        what = "parameter" if place < len(parameters) else "value"
        if name.text in BODY_NAMES or (place == 0 and is_operation):
            meaning = "is an operation" if is_operation else "has a meaning of its own"
            message = f"`{name.text}` {meaning} and cannot be a {what}"
            help = renamed(name.span, body.definition.span)
            diagnostics.add("NAS204", message, name.span, help=help)
        elif name.text in taken:
            diagnostics.add_taken(what, name.text, name.span, taken[name.text])
        taken.setdefault(name.text, name.span)


def _read(body: GateBody) -> tuple[dict[str, ValueExpression], ValueExpression | None]:
    """Return the defaults of parameters and the values by name, and the output."""
    slot = Slot(body.slot)
    known: dict[str, str] = {}
    read: dict[str, ValueExpression | None] = {}
    for parameter in body.definition.parameters[1:]:
        name = parameter.name.text
        if parameter.default is not None:
            reader = body.reader(known, slot)
            read[name] = reader.read(parameter.default)
            body.parts += reader.parts
        known[name] = name
    known |= {let.name.text: let.name.text for let in body.lets}
    reader = body.reader(known, slot)
    for let in body.lets:
        reader.owner = let.name.text
        read[let.name.text] = reader.read(let.value)
    reader.owner = ""
    output = reader.read(body.outputs[0].values[0])
    body.parts += reader.parts
    return {name: value for name, value in read.items() if value is not None}, output


def _check_use(
    body: GateBody,
    read: Mapping[str, ValueExpression],
    output: ValueExpression,
    diagnostics: Diagnostics,
) -> None:
    """Check that values can be computed, and that each is needed."""
    reads = {name: names_in(expression) for name, expression in read.items()}
    graph = reading_graph(reads)
    cycle = cycle_in(graph, reads)
    if cycle:
        span = next(let.name.span for let in body.lets if let.name.text == cycle[0])
        message = f"values need each other: {' -> '.join([*cycle, cycle[0]])}"
        help = "a value may read only what does not depend on it"
        diagnostics.add("NAS301", message, span, help=help)
        return
    needed = needed_for(graph, names_in(output))
    source, *more = body.definition.parameters[1:]
    named: list[tuple[str, ast.Let | ast.Parameter]] = [
        (f"value `{let.name.text}` does not reach the output", let) for let in body.lets
    ]
    named += [(f"parameter `{one.name.text}` is never read", one) for one in more]
    for message, part in named:
        if part.name.text not in needed:
            is_given = isinstance(part, ast.Parameter) and is_called(body.definition.name.span)
            edit = removal(part.span, safe=False) if is_given else idle_removal(part.span)
            edits = (edit,)
            unread = Advice("read it, or remove it", edits=edits)
            diagnostics.add("NAS302", message, part.name.span, help=unread)
    if source.name.text not in needed:
        message = f"parameter `{source.name.text}` is never read"
        diagnostics.add("NAS302", message, source.name.span, help="read it")
    if not any(map(is_activated, (*read.values(), output))):
        message = f"operation `{body.slot}` is never applied"
        help = f"write `{body.slot}(...)` in the gate"
        diagnostics.add("NAS302", message, body.definition.parameters[0].span, help=help)
