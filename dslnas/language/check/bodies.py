"""Bodies of operations: whether they know all their names, and call what they use rightly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dslnas.diagnostics import Diagnostics
from dslnas.edits import Advice, Edit
from dslnas.language.check.bind import bind
from dslnas.language.check.calls import called, is_join, is_operand, parameters, repeated
from dslnas.language.check.constants import (
    CHOICES,
    BodyScope,
    Passed,
    evaluate,
    without_name,
)
from dslnas.language.link.definitions import Definitions
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE
from dslnas.source import Span


def check_body(
    expression: ast.Expression,
    definitions: Definitions,
    scope: BodyScope,
    diagnostics: Diagnostics,
    *,
    several: bool = False,
) -> None:
    """Check one body for names and arguments; shapes are checked where it is used.

    `several` says that it may read several values, which a join without branches joins.
    """
    if isinstance(expression, ast.Chain):
        for place, stage in enumerate(expression.stages):
            first = several and place == 0
            check_body(stage, definitions, scope, diagnostics, several=first)
        return
    repetition = repeated(expression)
    if repetition is not None:
        count, body = repetition
        check_value(count, scope, diagnostics)
        check_body(body, definitions, scope, diagnostics)
        return
    call = called(expression)
    if call is None:
        is_choice = isinstance(expression, ast.Choice)
        message = "nothing can be chosen here" if is_choice else "expected an operation"
        usual = "operations look like `relu`, `conv(3)`, `a -> b` or `2 * (a -> b)`"
        diagnostics.add(
            "NAS304",
            f"{message}, found `{expression.span.brief}`",
            expression.span,
            help=CHOICES if is_choice else Advice(usual, edits=without_name(expression)),
        )
        return
    name, arguments = call
    if is_operand(name.text, definitions):
        _check_operand(name, arguments, scope, diagnostics)
        return
    is_passed = isinstance(scope.get(name.text), Passed)
    if is_passed and len(arguments) == 1:
        message = f"`{name.text}` is an operation already, with its arguments"
        help = f"write `{name.text}` alone"
        diagnostics.add("NAS208", message, expression.span, help=help)
        return
    if is_passed or is_join(name.text, definitions):
        if arguments or not (several or is_passed):
            _check_join(name, arguments, diagnostics)
        for argument in arguments:
            check_body(argument.value, definitions, scope, diagnostics, several=several)
        return
    _check_call(name, arguments, definitions, scope, diagnostics)


def _check_call(
    name: ast.Name,
    arguments: Sequence[ast.Argument],
    definitions: Definitions,
    scope: BodyScope,
    diagnostics: Diagnostics,
) -> None:
    """Check the name of an operation and its arguments: numbers and operations."""
    taken = definitions.taken(name.text)
    with diagnostics.collecting():
        for key, value in bind(name, arguments, parameters(name, definitions)).items():
            if key in taken:
                check_body(value, definitions, scope, diagnostics, several=True)
            else:
                check_value(value, scope, diagnostics)


def _check_operand(
    name: ast.Name,
    arguments: Sequence[ast.Argument],
    scope: BodyScope,
    diagnostics: Diagnostics,
) -> None:
    """Check that one of several values is taken by its number."""
    with diagnostics.collecting():
        for value in bind(name, arguments, {"number": True}).values():
            check_value(value, scope, diagnostics)


def _check_join(
    name: ast.Name, arguments: Iterable[ast.Argument], diagnostics: Diagnostics
) -> None:
    branches = [*arguments]
    least = LANGUAGE[name.text].inputs[0] if name.text in LANGUAGE else 2
    if len(branches) < least or any(branch.name is not None for branch in branches):
        message = f"`{name.text}` joins at least {least} branches, found {len(branches)}"
        help = Advice(f"write `{name.text}(a -> b, identity)`", edits=alone(name, branches))
        diagnostics.add("NAS208", message, name.span, help=help)


def alone(name: ast.Name, joined: Sequence[ast.Argument]) -> tuple[Edit, ...]:
    """Return the edit that writes what is joined without its join, where it is joined with nothing.

    That is what a sum, a mean or a concatenation of one comes to.
    """
    if len(joined) != 1 or joined[0].name is not None:
        return ()
    text, part = name.span.source.text, joined[0].span
    whole = Span(name.span.source, name.span.start, text.index(")", part.end) + 1)
    is_simple = isinstance(joined[0].value, ast.Name | ast.Call)
    return (Edit(whole, part.text if is_simple else f"({part.text})"),)


def check_value(expression: ast.Expression, scope: BodyScope, diagnostics: Diagnostics) -> None:
    """Check that all names of an arithmetic expression are known; values come later."""
    match expression:
        case ast.Binary(left=left, right=right):
            parts: tuple[ast.Expression, ...] = (left, right)
        case ast.Negative(operand=operand):
            parts = (operand,)
        case ast.Tuple(items=items):
            parts = items
        case _:
            with diagnostics.collecting():
                evaluate(expression, scope)
            return
    for part in parts:
        check_value(part, scope, diagnostics)
