"""Pydantic's complaint about a value, in the words of the language."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import ValidationError

from dslnas.language import ast
from dslnas.settings.values import Value

# Complaints about the size of a value of the right type, and the key of the limit.
_LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}
_LENGTHS = {"too_short": ("at least", "min_length"), "too_long": ("at most", "max_length")}
_KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "`true` or `false`",
    str: "text in quotes",
}


def explain(
    what: str, annotation: Any, error: ValidationError, values: Sequence[ast.Expression]
) -> tuple[str, int | None]:
    """Return what is wrong with the values of a setting, and the number of the wrong one.

    Args:
        what: What the values belong to, such as "`epochs`".
        annotation: The type that is wanted.
        error: Pydantic's complaint about a single field.
        values: What was written.
    """
    complaints = error.errors(include_url=False)
    # Where one of several types is wanted, a value of the right type but the wrong size says most.
    complaint = next((c for c in complaints if c["type"] in _LIMITS), complaints[0])
    context, given = complaint.get("ctx") or {}, complaint["input"]
    number = next((part for part in complaint["loc"][1:] if isinstance(part, int)), None)
    items = [kind for kind in (annotation, *get_args(annotation)) if get_origin(kind) is tuple]
    if complaint["type"] in _LENGTHS and Ellipsis in get_args(items[0]):
        words, key = _LENGTHS[complaint["type"]]
        return f"{what} needs {words} {context[key]} values, found {len(given)}", None
    place = number if number is not None and number < len(values) and len(values) > 1 else None
    is_element = number is not None and complaint["type"] not in ("missing", "too_long")
    if is_element:
        what = f"each value of {what}"
        annotation = get_args(items[0])[0]
    shown = _shown(values[place or 0], given)
    if complaint["type"] in _LIMITS:
        words, key = _LIMITS[complaint["type"]]
        return f"{what} must be {words} {context[key]:g}, not {shown}", place
    if isinstance(given, tuple) and not is_element:
        return f"{what} must be {_wanted(annotation)}, found {len(given)}", None
    return f"{what} must be {_wanted(annotation)}, not {shown}", place


def _wanted(annotation: Any) -> str:
    """Return in words what a type asks for."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _wanted(arguments[0])
    if origin is Literal:
        return _any_of([f"`{word}`" for word in arguments])
    if origin is tuple:
        kind = _wanted(arguments[0])
        if Ellipsis in arguments:
            return "names" if arguments[0] is str else f"a list: each value {kind}"
        return f"{len(arguments)} {kind.removeprefix('a ')}s"
    if isinstance(annotation, type) and issubclass(annotation, Value):
        return f"`{annotation.word}(...)`" if annotation.model_fields else f"`{annotation.word}`"
    if arguments:
        return _any_of([_wanted(kind) for kind in arguments if kind is not NoneType])
    return _KINDS[annotation]


def _any_of(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _shown(expression: ast.Expression, value: object) -> str:
    """Return a value as it was written, or what it comes to if it was computed."""
    if isinstance(expression, ast.Number):
        return expression.text
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return f"`{expression.span.brief}`"
