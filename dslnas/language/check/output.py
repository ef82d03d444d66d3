"""Output of a cell, and its states after the step."""

from __future__ import annotations

from collections.abc import Sequence

from dslnas.diagnostics import Diagnostics
from dslnas.edits import Advice, Edit
from dslnas.language.check.calls import called
from dslnas.language.check.cell_names import CellNames
from dslnas.language.check.cell_parts import CellParts
from dslnas.language.check.cell_values import CellValues
from dslnas.language.syntax import ast
from dslnas.source import Span

OUTPUTS = ("concat", "sum", "mean", "last")


def check_output(
    parts: CellParts, names: CellNames, values: CellValues, diagnostics: Diagnostics
) -> tuple[str, tuple[str, ...]]:
    """Return how the output is joined, and of which nodes and values.

    What is more than a join of names is a value that is written in place.

    Records NAS201 for an unknown name, NAS305 for a cell without nodes that does not say which
    value it gives, NAS502 for what is no output.
    """
    setting, nodes = parts.given.get("output"), tuple(names.nodes)
    if setting is None:
        _need_nodes(parts, names, diagnostics)
        return "concat", nodes
    ends = [*nodes, *names.values]
    (first, *others) = setting.values
    if not others and isinstance(first, ast.Name) and first.text not in OUTPUTS:
        if first.text in ends:
            return "last", (first.text,)
        if first.text not in names.all and names.values:
            diagnostics.is_known("node or value", first.text, first.span, [*OUTPUTS, *ends])
            return "concat", nodes
    if not others and _is_value(first, values):
        return "last", (values.read_in_place(first, "out"),)
    call = None if others else called(first)
    if call is None or call[0].text not in OUTPUTS:
        diagnostics.add(
            "NAS502",
            f"`output` must be {', '.join(f'`{o}`' for o in OUTPUTS)} or the name of a node or "
            f"value, not `{setting.values_span.brief}`",
            setting.values_span,
            help="name nodes in parentheses to join only those: `concat(n2, n3)`",
        )
        return "concat", nodes
    name, arguments = call
    if not arguments:
        _need_nodes(parts, names, diagnostics)
        return (name.text, nodes) if name.text != "last" else ("last", nodes[-1:])
    if name.text == "last" and len(arguments) > 1:
        diagnostics.add(
            "NAS502",
            f"`last` gives one node, found {len(arguments)}",
            setting.values_span,
            help="use `concat`, `sum` or `mean` to join nodes",
        )
    return name.text, _joined(arguments, ends, names, values, diagnostics)


def _joined(
    arguments: Sequence[ast.Argument],
    ends: Sequence[str],
    names: CellNames,
    values: CellValues,
    diagnostics: Diagnostics,
) -> tuple[str, ...]:
    """Return the names of the nodes and values that an output joins; inputs become values."""
    chosen = []
    for value in (argument.value for argument in arguments):
        if isinstance(value, ast.Name) and value.text in ends:
            chosen.append(value.text)
        elif isinstance(value, ast.Name) and value.text in names.all:
            chosen.append(values.naming(value, "out"))
        elif _is_value(value, values):
            chosen.append(values.read_in_place(value, "out"))
        else:
            diagnostics.is_known("node", value.span.brief, value.span, ends)
    return tuple(chosen)


def check_next(parts: CellParts, names: CellNames, diagnostics: Diagnostics) -> tuple[str, ...]:
    """Return what the states are after the step; nothing where the output is the only one.

    Records NAS201 for an unknown name, NAS313 for states without a next value.
    """
    states, after, span = names.states, parts.settings.next, parts.span("next")
    if span is None or not after:
        if len(states) > 1:
            diagnostics.add(
                "NAS313",
                f"{parts.what} does not say what its {len(states)} states are after the step",
                parts.span("states"),
                help="write `next` with a value for each of them, in the order of `states`",
            )
        return ()
    if not states:
        help = "name them with `states`, or remove `next`"
        diagnostics.add("NAS313", f"{parts.what} has `next`, but no states", span, help=help)
        return ()
    written = parts.given["next"].values
    if len(written) == len(after):
        for name, value in zip(after, written, strict=True):
            diagnostics.is_known("value", name, value.span, names.all)
        if len(after) != len(states):
            diagnostics.add(
                "NAS313",
                f"`next` has {len(after)} value{'s' if len(after) > 1 else ''} "
                f"for {len(states)} state{'s' if len(states) > 1 else ''}",
                span,
                help="give a value for each of them, in the order of `states`",
            )
    return tuple(after)


def _is_value(expression: ast.Expression, values: CellValues) -> bool:
    """Whether an expression computes something of what the cell has."""
    match expression:
        case ast.Call(function=ast.Name(text=text)) if text in OUTPUTS:
            return False
        case ast.Call() | ast.Binary():
            return values.mentions(expression)
    return False


def _need_nodes(parts: CellParts, names: CellNames, diagnostics: Diagnostics) -> None:
    if not names.nodes:
        diagnostics.add(
            "NAS305",
            f"{parts.what} has no nodes, so it must say which value it gives",
            parts.span("output") or parts.definition.name.span,
            help=_last_value(parts, names) if names.values else "",
        )


def _last_value(parts: CellParts, names: CellNames) -> Advice:
    """Say that the last value may be the output; that is certain where there is no other."""
    value, span = names.values[-1], parts.span("output")
    end = parts.definition.statements[-1].span.end
    place = span or Span(parts.definition.span.source, end, end)
    text = value if span else f"\n    output  {value}"
    edit = Edit(place, text, safe=len(names.values) == 1)
    return Advice(f"write `output {value}`", edits=(edit,))
