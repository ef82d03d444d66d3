"""Where the stride of a place goes in the body of an operation."""

from __future__ import annotations

from collections.abc import Sequence

from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE


def mentions_stride(expression: ast.Expression) -> bool:
    """Whether a body places the stride itself: names it, or gives it to a layer."""
    match expression:
        case ast.Name(text=text):
            return text == "stride"
        case ast.Chain(stages=items) | ast.Tuple(items=items):
            return any(mentions_stride(item) for item in items)
        case ast.Binary(left=left, right=right):
            return mentions_stride(left) or mentions_stride(right)
        case ast.Negative(operand=operand):
            return mentions_stride(operand)
        case ast.Call(function=function, arguments=arguments):
            return _gives_stride(function, arguments) or any(
                mentions_stride(a.value) for a in arguments
            )
    return False


def _gives_stride(function: ast.Expression, arguments: Sequence[ast.Argument]) -> bool:
    """Whether a call gives an argument named `stride`, by name or by position."""
    names: list[str] = []
    if isinstance(function, ast.Name) and function.text in LANGUAGE:
        names = [a.name for a in LANGUAGE[function.text].arguments]
    by_position = sum(a.name is None for a in arguments)
    by_name = [a.name.text for a in arguments if a.name is not None]
    return "stride" in (*names[:by_position], *by_name)
