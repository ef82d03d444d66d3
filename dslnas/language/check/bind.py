"""Arguments of calls, matched with the parameters of what is called; settings of one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dslnas.diagnostics import Diagnostics, user_error
from dslnas.edits import Advice, Edit, Help, removal
from dslnas.language.syntax import ast
from dslnas.language.syntax.numbers import behind_comma_help, comma_help
from dslnas.source import Span
from dslnas.spelling import meant, suggestion


def parameters_of(definition: ast.OpDef | ast.GateDef) -> dict[str, bool]:
    """Return the parameters of a definition, each with whether it must be given."""
    return {p.name.text: p.default is None for p in definition.parameters}


def bind(
    name: ast.Name,
    arguments: Sequence[ast.Argument],
    parameters: Mapping[str, bool],
    meant_by: Callable[[str], str] = lambda _: "",
) -> dict[str, ast.Expression]:
    """Return what a call gives by parameter; defaults are not filled in.

    `parameters` says of each, in their order, whether it must be given; `meant_by` returns the one
    that a word of other programs means, or "".

    Raises:
        UserError: NAS208 for too many, unknown, repeated or missing arguments.
    """
    bound: dict[str, ast.Expression] = {}
    keys = [*parameters]
    for position, argument in enumerate(arguments):
        if argument.name is None and position >= len(keys):
            message = f"`{name.text}` takes {_count(len(parameters))}, found {len(arguments)}"
            help: Help = Advice(_takes(name, keys), edits=(removal(argument.span, safe=False),))
            if not parameters:
                help = _without_arguments(name, arguments)
            help = behind_comma_help(argument.span) or help
            raise user_error("NAS208", message, span=argument.span, help=help)
        key = keys[position] if argument.name is None else argument.name.text
        place = argument.span if argument.name is None else argument.name.span
        if key not in parameters:
            message = f"`{name.text}` has no argument `{key}`"
            other = meant_by(key)
            near = meant(key, other) if other else suggestion(key, keys)
            raise user_error("NAS208", message, span=place, help=near or _takes(name, keys))
        if key in bound:
            message, first = f"argument `{key}` is given twice", bound[key]
            is_same = first.span.text == argument.value.span.text
            twice = Advice("remove one of them", edits=(removal(argument.span, safe=is_same),))
            raise user_error("NAS208", message, span=place, help=twice)
        bound[key] = argument.value
    missing = [key for key, is_required in parameters.items() if is_required and key not in bound]
    if missing:
        message = f"`{name.text}` needs {', '.join(f'`{key}`' for key in missing)}"
        help = f"write `{name.text}({', '.join(f'{key} = ...' for key in missing)})`"
        raise user_error("NAS208", message, span=name.span, help=help)
    return bound


def _takes(name: ast.Name, keys: Sequence[str]) -> str:
    return f"`{name.text}` takes {', '.join(f'`{key}`' for key in keys) or 'no arguments'}"


def _count(number: int) -> str:
    return "no arguments" if number == 0 else f"{number} argument{'s' if number > 1 else ''}"


def only_value(setting: ast.Setting, diagnostics: Diagnostics, help: Help = "") -> ast.Expression:
    """Return the value of a setting that takes one; NAS502 is recorded at the others."""
    first, *others = setting.values
    if others:
        span = others[0].span.to(others[-1].span)
        rest = Advice("remove the others", edits=(removal(span, safe=False),))
        help = comma_help(setting.values_span) or help or rest
        message = f"`{setting.key.text}` takes one value, found {len(setting.values)}"
        diagnostics.add("NAS502", message, span, help=help)
    return first


def _without_arguments(name: ast.Name, arguments: Sequence[ast.Argument]) -> Advice:
    """Say that what has no parameters is written without parentheses."""
    source, last = name.span.source, arguments[-1].span
    end = source.text.index(")", last.end) + 1
    edit = Edit(Span(source, name.span.end, end), "")
    return Advice(f"write `{name.text}`", edits=(edit,))
