"""Arithmetic of the language: constants, names in scope and `+ - * /`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import TypeAlias

from dslnas.diagnostics import Diagnostics, UserError, user_error
from dslnas.edits import Advice, Edit
from dslnas.language.check.dag import mentions, understood_order
from dslnas.language.syntax import ast
from dslnas.source import Span
from dslnas.spelling import suggestion

Constant: TypeAlias = int | float | bool | tuple["Constant", ...]
Scope: TypeAlias = Mapping[str, Constant]


@dataclass(frozen=True)
class Passed:
    """An operation that a parameter stands for, with the names that it knows."""

    expression: ast.Expression
    scope: BodyScope


BodyScope: TypeAlias = Mapping[str, Constant | Passed]
"""Names in the body of an operation."""

RESERVED = {
    "C": "in operations, stems and heads",
    "C_in": "in operations, stems and heads",
    "H_in": "in operations, stems and heads",
    "W_in": "in operations, stems and heads",
    "stride": "in operations",
    "classes": "in stems and heads",
    "N": "in the `cells` of a network",
}
"""Names with a meaning of their own, each with where it has it."""

FLAGS: dict[str, Constant] = {"true": True, "false": False}
_LARGEST = 1e15


CHOICES = (
    "choices stand on the edges of nodes, inside of operations there, as in `conv({3, 5})`, and in "
    "`channels` and `cells` of the network"
)


def evaluate(expression: ast.Expression, scope: BodyScope) -> Constant:
    """Return the value of an arithmetic expression.

    Whole numbers stay whole; a quotient is whole where it comes out even, and so is a root.

    Raises:
        UserError: NAS203 for an unknown name, NAS503 for arithmetic that has no result.
    """
    match expression:
        case ast.Number(value=number):
            return number
        case ast.Name(text=text):
            if text in FLAGS:
                return FLAGS[text]
            if text not in scope:
                raise _unknown(expression, scope)
            return _number_named(expression, scope[text])
        case ast.Size(parts=parts):
            return parts
        case ast.Tuple(items=items):
            return tuple(number_of(item, scope) for item in items)
        case ast.Negative(operand=operand):
            return -number_of(operand, scope)
        case ast.Binary():
            return _binary(expression, scope)
        case ast.Call(function=ast.Name(text="sqrt"), arguments=(ast.Argument(name=None) as of,)):
            return _root(of.value, scope)
    raise _no_number(expression)


def _no_number(expression: ast.Expression) -> UserError:
    if isinstance(expression, ast.Choice):
        message = f"nothing can be chosen here, found `{expression.span.brief}`"
        return user_error("NAS503", message, span=expression.span, help=CHOICES)
    return user_error(
        "NAS503",
        f"expected a number, found `{expression.span.brief}`",
        span=expression.span,
        help=Advice(
            "numbers, constants and `+ - * /` can stand here", edits=without_name(expression)
        ),
    )


def without_name(expression: ast.Expression) -> tuple[Edit, ...]:
    """Return the edit that removes a name before a value: only inputs have names."""
    if not isinstance(expression, ast.Named):
        return ()
    name = Span(expression.span.source, expression.span.start, expression.value.span.start)
    return (Edit(name, ""),)


def number_of(expression: ast.Expression, scope: BodyScope) -> int | float:
    """Return the value of an expression that is a single number."""
    value = evaluate(expression, scope)
    if isinstance(value, tuple | bool):
        raise user_error(
            "NAS503",
            f"expected a number, found `{expression.span.brief}`",
            span=expression.span,
            help="give a single number",
        )
    return value


def _number_named(name: ast.Name, value: Constant | Passed) -> Constant:
    if isinstance(value, Passed):
        message = f"`{name.text}` is an operation, not a number"
        help = "its parameter is applied elsewhere in the body: use another name for the number"
        raise user_error("NAS503", message, span=name.span, help=help)
    return value


def _root(expression: ast.Expression, scope: BodyScope) -> int | float:
    number = number_of(expression, scope)
    if number < 0:
        raise user_error("NAS503", f"{number} has no root", span=expression.span)
    root = sqrt(number)
    return int(root) if isinstance(number, int) and root.is_integer() else root


def _binary(expression: ast.Binary, scope: BodyScope) -> int | float:
    left, right = number_of(expression.left, scope), number_of(expression.right, scope)
    match expression.sign:
        case "+":
            result = left + right
        case "-":
            result = left - right
        case "*":
            result = left * right
        case _:
            if right == 0:
                raise user_error("NAS503", "division by zero", span=expression.right.span)
            even = isinstance(left, int) and isinstance(right, int) and left % right == 0
            result = left // right if even else left / right
    if abs(result) > _LARGEST:
        raise user_error(
            "NAS107",
            f"result of `{expression.span.brief}` is too large",
            span=expression.span,
            help="the limit is 1e15",
        )
    return result


def evaluate_lets(lets: Mapping[str, ast.Let], diagnostics: Diagnostics) -> dict[str, Constant]:
    """Return the values of all constants, which may be written in any order; 1 for a wrong one."""
    values: dict[str, Constant] = dict.fromkeys(lets, 1)
    names = {name: let.name for name, let in lets.items()}
    help = "give one of them a number"
    order = understood_order(
        mentions(lets), names, "constant", "is defined by itself", help, diagnostics
    )
    for name in order:
        with diagnostics.collecting():
            values[name] = evaluate(lets[name].value, values)
    return values


def _unknown(name: ast.Name, known: Iterable[str]) -> UserError:
    message, help = f"unknown constant `{name.text}`", suggestion(name.text, known)
    if name.text in RESERVED:
        message = f"`{name.text}` has a value only {RESERVED[name.text]}"
        help = "give the expression a name with `op` and use that name, or write a number"
    help = help or f"define it with `let {name.text} = ...`"
    return user_error("NAS203", message, span=name.span, help=help)
