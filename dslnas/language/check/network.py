"""The network section: plain settings, expressions around the cells, and the cells in order."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from dslnas.edits import Advice, Edit, addition
from dslnas.language.check.bind import only_value
from dslnas.language.check.bind_calls import fault_diagnostic
from dslnas.language.check.bodies import check_body
from dslnas.language.check.calls import NETWORK_NAMES
from dslnas.language.check.cell import Cell
from dslnas.language.check.checked import CheckedInput, CheckedNetwork
from dslnas.language.check.context import Context
from dslnas.language.check.network_inputs import are_named, named_inputs
from dslnas.language.check.network_places import read_places, read_widths
from dslnas.language.check.sections import read_section
from dslnas.language.link.merge import head_span
from dslnas.language.syntax import ast
from dslnas.ops.primitive import Shape
from dslnas.settings.faults import Fault
from dslnas.settings.sections import NetworkSettings
from dslnas.source import Span


def read_network(context: Context, cells: Mapping[str, Cell]) -> CheckedNetwork | None:
    """Return the network, None if it lacks a part.

    Records NAS303 for that, and what is wrong with the parts.
    """
    given = context.linked.given("network")
    if "cells" not in given:
        help = "write `network { cells normal * 2 }`, or `use papers.darts`"
        context.diagnostics.add("NAS303", "network has no cells", _place(context), help=help)
        return None
    left = {"input"} if are_named(given) else set()
    widths = read_widths(given, context)
    if widths is not None:
        left.add("channels")
    settings = read_section(NetworkSettings, context, left=left)
    _check_classes(settings, given, context)
    missing = [key for key in ("stem", "head") if key not in given]
    if missing:
        message = f"network has no {' and no '.join(missing)}"
        words = f"give {' and '.join(f'`{k}`' for k in missing)}; `use std.cnn` brings them"
        start = Span(context.linked.source, 0, 0)
        is_bare = not context.linked.libraries and not any(c.is_recurrent for c in cells.values())
        edits = (addition(start, "use std.cnn\n"),) if is_bare and len(missing) > 1 else ()
        advice = Advice(words, edits=edits)
        context.diagnostics.add("NAS303", message, _place(context), help=advice)
        return None
    inputs = _inputs(given, settings.input, context, cells)
    if not inputs:
        return None
    return CheckedNetwork(
        inputs,
        settings.classes,
        max(widths or (), default=settings.channels),
        widths or (),
        settings.repeat,
        _layers(given["head"], context),
        _layers(given["auxiliary"], context) if "auxiliary" in given else None,
        read_places(given["cells"].values, context, cells),
        span=given["cells"].span,
    )


def _check_classes(
    settings: NetworkSettings, given: Mapping[str, ast.Setting], context: Context
) -> None:
    """Check that there are as many classes as the task needs; NAS502 is recorded."""
    least, found = context.task.least_classes, settings.classes
    if found is None or found >= least:
        return
    fault = Fault("classes", f"must be at least {least}", found)
    help = f"`classes`: {NetworkSettings.model_fields['classes'].description}"
    diagnostic = fault_diagnostic(fault, "`classes`", given["classes"].values, help)
    context.diagnostics.record(diagnostic)


def _place(context: Context) -> Span:
    """Return where to point for what the network lacks: the library is not the user's to mend."""
    section, source = context.linked.sections.get("network"), context.linked.source
    if section is not None and not section.span.source.library:
        return head_span(section)
    end = len(source.text.rstrip())
    return Span(source, max(0, end - 1), max(1, end))


def _inputs(
    given: Mapping[str, ast.Setting],
    shape: Shape | None,
    context: Context,
    cells: Mapping[str, Cell],
) -> tuple[CheckedInput, ...]:
    """Return what the network reads, with stems; `shape` is that of an input without a name.

    Records NAS314 for inputs with names and recurrent cells.
    """
    if not are_named(given):
        stem = _layers(given["stem"], context)
        return (CheckedInput("", shape, stem, stem.span),)
    inputs = named_inputs(given, context)
    if inputs and any(cell.is_recurrent for cell in cells.values()):
        message = "recurrent cells read one sequence, and inputs of the network have names"
        help = "give `stem` one value, without a name, and leave out `input`"
        context.diagnostics.add("NAS314", message, inputs[0].span, help=help)
    for stem_of in inputs:
        _check(stem_of.stem, context)
    return inputs


def _layers(setting: ast.Setting, context: Context) -> ast.Expression:
    """Return the only expression of a setting."""
    pairs = pairwise(setting.values)
    commas = (Span(a.span.source, a.span.end, b.span.start) for a, b in pairs)
    joined = Advice("join layers with `->`", edits=tuple(Edit(comma, " -> ") for comma in commas))
    first = only_value(setting, context.diagnostics, joined)
    _check(first, context)
    return first


def _check(expression: ast.Expression, context: Context) -> None:
    scope = {**context.constants, **dict.fromkeys(NETWORK_NAMES, 1)}
    check_body(expression, context.linked.operations, scope, context.diagnostics)
