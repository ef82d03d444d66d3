"""The names in an expression, whatever they stand for."""

from __future__ import annotations

from collections.abc import Sequence

from dslnas.language.syntax import ast


def mentioned(expression: ast.Expression) -> set[str]:
    """Return the names that stand anywhere in an expression."""
    match expression:
        case ast.Name(text=text):
            return {text}
        case ast.Binary(left=left, right=right):
            inner: Sequence[ast.Expression] = (left, right)
        case ast.Call(function=function, arguments=arguments):
            inner = (function, *(argument.value for argument in arguments))
        case ast.Negative(operand=inside) | ast.Named(value=inside):
            inner = (inside,)
        case ast.Chain(stages=items) | ast.Tuple(items=items) | ast.Choice(items=items):
            inner = items
        case _:
            inner = ()
    return set[str]().union(*map(mentioned, inner))
