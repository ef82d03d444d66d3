"""Annotations of settings in the words of the language."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from dslnas.settings.model import Call

Annotation: TypeAlias = Any
"""A type as it is written; such objects have no type in common."""

_UNIONS = (Union, UnionType)
_WORDS: dict[Annotation, str] = {int: "a whole number", float: "a number", str: "text in quotes"}


def origin_of(annotation: Annotation) -> object:
    """Return what a type is made by: `tuple` for `tuple[int, int]`; None for a class."""
    origin: object = get_origin(annotation)
    return origin


def alternatives(annotation: Annotation) -> list[Annotation]:
    """Return the types of a union one by one, or the type itself; `None` is never written."""
    origin = origin_of(annotation)
    if origin in _UNIONS:
        return [one for part in get_args(annotation) for one in alternatives(part)]
    if origin is Annotated and origin_of(get_args(annotation)[0]) in (*_UNIONS, tuple):
        return alternatives(get_args(annotation)[0])
    return [] if annotation is NoneType else [annotation]


def is_list(annotation: Annotation) -> bool:
    """Whether a type is a list of any number of values."""
    return origin_of(annotation) is tuple and get_args(annotation)[-1] is Ellipsis


def is_several(annotation: Annotation) -> bool:
    """Whether values of a type may be written as several."""
    return any(origin_of(one) is tuple for one in alternatives(annotation))


def calls_of(annotation: Annotation) -> dict[str, type[Call]]:
    """Return by word the calls that a type takes, alone or in a list."""
    calls: dict[str, type[Call]] = {}
    for one in alternatives(annotation):
        if origin_of(one) is tuple:
            calls |= calls_of(get_args(one)[0])
        elif isinstance(one, type) and issubclass(one, Call):
            calls[one.model_fields["word"].default] = one
    return calls


def wanted(annotation: Annotation) -> str:
    """Return in words what a type takes: "a whole number or `all`"."""
    *others, last = (word for one in alternatives(annotation) for word in _words(one))
    return f"{', '.join(others)} or {last}" if others else last


def words_of(annotation: Annotation) -> list[str]:
    """Return the plain words that a type takes, those of calls among them."""
    words = [*calls_of(annotation)]
    for one in alternatives(annotation):
        if origin_of(one) is Annotated:
            words += words_of(get_args(one)[0])
        elif origin_of(one) is Literal:
            words += map(str, get_args(one))
        elif origin_of(one) is tuple:
            words += words_of(get_args(one)[0])
    return words


def _words(annotation: Annotation) -> list[str]:
    arguments = get_args(annotation)
    match origin_of(annotation):
        case None if annotation in _WORDS:
            return [_WORDS[annotation]]
        case None if issubclass(annotation, Call):
            word = annotation.model_fields["word"].default
            return [f"`{word}(...)`" if annotation.settings() else f"`{word}`"]
        case origin if origin is Annotated:
            titles = (fact.title for fact in arguments[1:] if isinstance(fact, FieldInfo))
            title = next(filter(None, titles), None)
            return [title] if title else _words(arguments[0])
        case origin if origin is Literal:
            return [f"`{word}`" for word in arguments]
        case origin if origin is tuple:
            item = wanted(arguments[0]).removeprefix("a ")
            items = f"any of {item}" if item.endswith("`") else f"{item}s"
            return [items if arguments[-1] is Ellipsis else f"{len(arguments)} {items}"]
    raise TypeError(f"no words for {annotation}")
