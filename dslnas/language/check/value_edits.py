"""Values that are written as elsewhere, and how the language writes them."""

from __future__ import annotations

from collections.abc import Sequence

from dslnas.edits import Edit
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait


def applied_to(value: str, operations: Sequence[ast.Expression]) -> str:
    """Return the text of operations that are applied to a value one after the other."""
    for operation in operations:
        is_simple = isinstance(operation, ast.Name | ast.Call)
        text = operation.span.text
        value = f"{text if is_simple else f'({text})'}({value})"
    return value


def one_after_another(call: ast.Call) -> tuple[Edit, ...]:
    """Return the edit that writes `tanh(f(x))` for `(f -> tanh)(x)`."""
    match call:
        case ast.Call(function=ast.Chain(stages=stages), arguments=(argument,)):
            return (Edit(call.span, applied_to(argument.span.text, stages)),)
    return ()


def mixture(whole: ast.Binary) -> dict[int, tuple[Edit, ...]]:
    """Return the edit that writes `g + f * (c - g)` for `f * c + (1 - f) * g`, which are equal.

    It is returned by the identity of the 1 in it; nothing is if the sum has another form, or if f
    or g have weights, which would be others where they are written again.
    """
    if whole.sign != "+":
        return {}
    for one, other in ((whole.left, whole.right), (whole.right, whole.left)):
        for rest, last in _factors(one):
            for share, first in _factors(other):
                match rest:
                    case ast.Binary(sign="-", left=ast.Number(value=1) as number, right=right) if (
                        right == share and _is_function(share) and _is_function(last)
                    ):
                        f, c, g = (_text(part) for part in (share, first, last))
                        return {id(number): (Edit(whole.span, f"{g} + {f} * ({c} - {g})"),)}
    return {}


def twice(product: ast.Binary) -> dict[int, tuple[Edit, ...]]:
    """Return the edit that writes `(x + x)` for `2 * x`, by the identity of the 2 in it.

    Nothing is returned if x has weights.
    """
    for number, value in _factors(product):
        match number:
            case ast.Number(value=2) if _is_function(value):
                return {id(number): (Edit(product.span, f"({_text(value)} + {_text(value)})"),)}
    return {}


def _is_function(value: ast.Expression) -> bool:
    """Whether a value is the same wherever it is written: names, signs and plain activations."""
    match value:
        case ast.Name():
            return True
        case ast.Binary(left=left, right=right):
            return _is_function(left) and _is_function(right)
        case ast.Call(function=ast.Name(text=text), arguments=(ast.Argument(value=inner),)):
            return has_trait(text, Trait.ACTIVATION | Trait.FUNCTION) and _is_function(inner)
    return False


def _factors(product: ast.Expression) -> Sequence[tuple[ast.Expression, ast.Expression]]:
    """Return both orders of the factors of a product; nothing for another expression."""
    match product:
        case ast.Binary(sign="*", left=left, right=right):
            return ((left, right), (right, left))
    return ()


def _text(part: ast.Expression) -> str:
    """Return a factor as it is written, in parentheses if it needs them."""
    return part.span.text if isinstance(part, ast.Name | ast.Call) else f"({part.span.text})"
