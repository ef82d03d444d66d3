"""Definitions of operations: their parameters, conditions and bodies, and recursion."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.diagnostics import Diagnostics
from dslnas.edits import Advice, Edit, removal
from dslnas.language.check.bind import parameters_of
from dslnas.language.check.bodies import check_body, check_value
from dslnas.language.check.calls import BODY_NAMES, CONDITIONS, bodies_of
from dslnas.language.check.constants import (
    BodyScope,
    Constant,
    Passed,
    Scope,
)
from dslnas.language.check.dag import mentions, understood_order
from dslnas.language.link.definitions import Definitions
from dslnas.language.syntax import ast
from dslnas.source import Span
from dslnas.spelling import is_called, renamed

MAX_LEVELS = 150
"""Levels of an operation with everything it uses written out: a bound for recursion."""


def check_definitions(definitions: Definitions, constants: Scope, diagnostics: Diagnostics) -> None:
    """Check every operation for unknown names, wrong arguments and recursion."""
    for definition in definitions.values():
        _check_parameters(definition, diagnostics)
        taken = definitions.taken(definition.name.text)
        own = [*BODY_NAMES, *parameters_of(definition)]
        scope: dict[str, Constant | Passed] = {**constants, **dict.fromkeys(own, 1)}
        scope |= {name: Passed(definition.body, {}) for name in taken}
        for variant in definition.variants:
            _check_conditions(variant, scope, diagnostics)
        for body in bodies_of(definition):
            check_body(body, definitions, scope, diagnostics, several=True)
        for parameter in definition.parameters:
            if parameter.default is not None and parameter.name.text in taken:
                check_body(parameter.default, definitions, constants, diagnostics, several=True)
            elif parameter.default is not None:
                check_value(parameter.default, constants, diagnostics)
    _check_nesting(definitions, diagnostics)


def _check_parameters(definition: ast.OpDef, diagnostics: Diagnostics) -> None:
    seen: dict[str, ast.Parameter] = {}
    for parameter in definition.parameters:
        name, span = parameter.name.text, parameter.name.span
        if name in BODY_NAMES:
            message = f"`{name}` has a meaning of its own and cannot be a parameter"
            help = renamed(span, definition.span)
            diagnostics.add("NAS204", message, span, help=help)
        elif name in seen:
            is_same = parameter.span.text == seen[name].span.text
            edits = (removal(parameter.span, safe=not is_called(definition.name.span)),)
            again = Advice("remove one of them", edits=edits)
            first = seen[name].name.span
            diagnostics.add_taken("parameter", name, span, first, again if is_same else None)
        seen.setdefault(name, parameter)


def _check_conditions(variant: ast.Variant, scope: BodyScope, diagnostics: Diagnostics) -> None:
    for condition in variant.conditions:
        if isinstance(condition, ast.Comparison):
            for side in (condition.left, condition.right):
                check_value(side, scope, diagnostics)
        else:
            _check_condition(condition, diagnostics)


def _check_condition(condition: ast.Condition, diagnostics: Diagnostics) -> None:
    word, number, span = condition.name.text, condition.number, condition.name.span
    is_known = diagnostics.is_known("condition", word, span, CONDITIONS, code="NAS209")
    if is_known and (word == "stride") != (number is not None):
        message = (
            "`when stride` needs a number" if word == "stride" else f"`when {word}` has no number"
        )
        behind = Span(span.source, span.end, span.end if number is None else number.span.end)
        edits = (Edit(behind, " 2" if number is None else ""),)
        help = Advice("write `when stride 2:`, `when derived:` or `when searching:`", edits=edits)
        diagnostics.add("NAS209", message, span, help=help)


def _check_nesting(definitions: Definitions, diagnostics: Diagnostics) -> None:
    """Check that every operation can be expanded.

    Records NAS206 for an operation that is composed of itself, NAS108 for the first that is nested
    too deep.
    """
    names = {name: definition.name for name, definition in definitions.items()}
    help = "an operation may use only others"
    order = understood_order(
        mentions(definitions), names, "operation", "is composed of itself", help, diagnostics
    )
    heights: dict[str, int] = {}
    for name in order:
        bodies = bodies_of(definitions[name])
        heights[name] = max(_height(body, heights, definitions) for body in bodies)
    for name, definition in definitions.items():
        if heights.get(name, 0) > MAX_LEVELS:
            message = f"operation `{name}` is nested more than {MAX_LEVELS} levels deep"
            help = "compose it of fewer others"
            diagnostics.add("NAS108", message, definition.name.span, help=help)
            return


def _height(
    expression: ast.Expression, heights: Mapping[str, int], definitions: Definitions
) -> int:
    """Return the levels of an expression in which operations of known heights are written out."""
    match expression:
        case ast.Chain(stages=inner):
            return 1 + max(_height(stage, heights, definitions) for stage in inner)
        case ast.Binary(right=body):
            return 1 + _height(body, heights, definitions)
        case ast.Name(text=name):
            return 1 + heights.get(name, 0)
        case ast.Call(function=ast.Name(text=name), arguments=arguments) if name in heights:
            passed = definitions.passed(name, arguments).values()
            deepest = max((_height(each, heights, definitions) for each in passed), default=0)
            return 1 + heights[name] + deepest
        case ast.Call(arguments=arguments):
            values = [argument.value for argument in arguments]
            return 1 + max((_height(v, heights, definitions) for v in values), default=0)
    return 1
