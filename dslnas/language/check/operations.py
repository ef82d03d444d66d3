"""Operations that are chosen from: what an item of a set stands for."""

from __future__ import annotations

from dslnas.diagnostics import Diagnostics
from dslnas.language.check.bind import bind
from dslnas.language.check.bodies import check_body
from dslnas.language.check.calls import BODY_NAMES, Call, called, is_join, is_operand, parameters
from dslnas.language.check.cell import Operation
from dslnas.language.check.constants import (
    Constant,
    evaluate,
)
from dslnas.language.check.context import Context
from dslnas.language.link.definitions import Definitions
from dslnas.language.link.used_names import mentioned
from dslnas.language.print.format import format_operation
from dslnas.language.syntax import ast


def resolve(expression: ast.Expression, context: Context) -> Operation:
    """Return the operation that an item of a set stands for.

    What is more than a call with numbers becomes a definition of `context.inline`.

    Raises:
        UserError: NAS201 for an unknown name, NAS208 for wrong arguments, NAS304 for an
            expression that is no operation.
    """
    definitions, scope = context.linked.operations, context.constants
    call = called(expression)
    if call is None or not _is_plain(call, definitions):
        return _inline(expression, context)
    name, arguments = call
    known = parameters(name, definitions)
    bound = bind(name, arguments, known)
    values = tuple((p, evaluate(bound[p], scope)) for p in known if p in bound)
    shown = [
        _show(value) if position == key else f"{key} = {_show(value)}"
        for position, (key, value) in zip(known, values, strict=False)
    ]
    text = f"{name.text}({', '.join(shown)})" if shown else name.text
    return Operation(name.text, values, text, span=expression.span)


def _is_plain(call: Call, definitions: Definitions) -> bool:
    """Whether the arguments of a call are numbers that are the same wherever it stands."""
    name, arguments = call
    if is_operand(name.text, definitions) or (is_join(name.text, definitions) and arguments):
        return False
    if not arguments:
        return True
    taken = definitions.taken(name.text)
    mentions = {word for argument in arguments for word in mentioned(argument.value)}
    return not taken and mentions.isdisjoint(BODY_NAMES)


def _inline(expression: ast.Expression, context: Context) -> Operation:
    """Return an operation that is written out where it stands."""
    mistakes = Diagnostics()
    scope = {**context.constants, **dict.fromkeys(BODY_NAMES, 1)}
    check_body(expression, context.linked.operations, scope, mistakes, several=True)
    mistakes.raise_if_any()
    text, span = format_operation(expression), expression.span
    context.inline[text] = ast.OpDef(ast.Name(text, span=span), (), expression, (), span=span)
    return Operation(text, (), text, span=span)


def _show(value: Constant) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(_show(v) for v in value)})"
    return str(value).lower() if isinstance(value, bool) else str(value)
