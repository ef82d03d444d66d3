"""Choices inside of operations: `{3, 5}` in `sep_conv({3, 5})`, each made for itself.

An operation with such choices is a candidate like any other, and each of them has an alpha of its
own: `mbconv({3, 5, 7}, {3, 6})` is one candidate with a choice of three and one of two, not six.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TypeAlias

from dslnas.diagnostics import user_error
from dslnas.edits import Advice, Edit
from dslnas.language.check.calls import called
from dslnas.language.link.definitions import Definitions
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE

MAX_FORMS = 256
"""Forms of one operation, all alternatives of its inner choices combined."""

Alternatives: TypeAlias = Callable[[ast.Expression], Sequence[ast.Expression] | None]
"""Alternatives that may stand in place of a part of an operation; None where it is no choice."""


@dataclass(frozen=True)
class Found:
    """A choice inside of an operation, with the parameter that it stands for."""

    name: str
    part: ast.Expression
    alternatives: tuple[ast.Expression, ...]


def choices_inside(
    expression: ast.Expression, alternatives: Alternatives, definitions: Definitions
) -> list[Found]:
    """Return the choices inside of an operation, in the order of writing.

    Raises:
        UserError: NAS108 if they combine to too many forms, NAS304 for a choice inside of a choice.
    """
    found = [*_inside(expression, alternatives, definitions)]
    for one in found:
        for alternative in one.alternatives:
            for deeper in _found(alternative, "", alternatives, definitions):
                raise user_error(
                    "NAS304",
                    f"choice inside of a choice, found `{deeper.part.span.brief}`",
                    span=deeper.part.span,
                    help=Advice(
                        "write one list: each of its items has its own weight",
                        edits=_in_one_list(one, alternative, deeper),
                    ),
                )
    forms = prod(len(one.alternatives) for one in found)
    if forms > MAX_FORMS:
        raise user_error(
            "NAS108",
            f"operation has {forms:,} forms, more than {MAX_FORMS}",
            span=expression.span,
            help="leave some of the alternatives out",
        )
    return found


def _in_one_list(around: Found, item: ast.Expression, inside: Found) -> tuple[Edit, ...]:
    """Return the edit that writes an item with a choice inside as one item for each of its forms.

    A choice by the name of a set is no part of this text.
    """
    whole, part = item.span, inside.part.span
    if whole not in around.part.span or part not in whole:
        return ()
    before, behind = whole.text[: part.start - whole.start], whole.text[part.end - whole.start :]
    items = (f"{before}{one.span.text}{behind}" for one in inside.alternatives)
    return (Edit(whole, ", ".join(items)),)


def forms(expression: ast.Expression, found: Sequence[Found]) -> Iterator[ast.Expression]:
    """Yield what an operation may be, the alternatives of the last choice side by side."""
    for chosen in product(*(one.alternatives for one in found)):
        stands = {id(one.part): part for one, part in zip(found, chosen, strict=True)}
        yield _with(expression, stands)


def _inside(
    expression: ast.Expression, alternatives: Alternatives, definitions: Definitions
) -> Iterator[Found]:
    match expression:
        case ast.Call(function=function, arguments=arguments):
            yield from _found(function, "operation", alternatives, definitions)
            for argument, name in zip(arguments, _parameters(expression, definitions), strict=True):
                yield from _found(argument.value, name, alternatives, definitions)
        case ast.Chain(stages=stages) | ast.Tuple(items=stages):
            for stage in stages:
                yield from _found(stage, "operation", alternatives, definitions)
        case ast.Binary(left=left, right=right):
            for side in (left, right):
                yield from _found(side, "number", alternatives, definitions)
        case ast.Negative(operand=operand):
            yield from _found(operand, "number", alternatives, definitions)


def _found(
    part: ast.Expression, name: str, alternatives: Alternatives, definitions: Definitions
) -> Iterator[Found]:
    """Yield a part if it is a choice, else the choices inside of it."""
    items = alternatives(part)
    if items is None:
        yield from _inside(part, alternatives, definitions)
    else:
        yield Found(name, part, tuple(items))


def _parameters(call: ast.Call, definitions: Definitions) -> Iterator[str]:
    """Yield for every argument of a call the parameter that it stands for."""
    named = called(call)
    name = named[0].text if named else ""
    if name in definitions:
        known = [parameter.name.text for parameter in definitions[name].parameters]
    else:
        known = [argument.name for argument in LANGUAGE[name].arguments] if name in LANGUAGE else []
    for place, argument in enumerate(call.arguments):
        if argument.name is not None:
            yield argument.name.text
        else:
            yield known[place] if place < len(known) else "operation"


def _with(expression: ast.Expression, stands: Mapping[int, ast.Expression]) -> ast.Expression:
    """Return an expression with others in place of some parts."""
    if id(expression) in stands:
        return stands[id(expression)]
    match expression:
        case ast.Call(function=function, arguments=arguments):
            given = (a.replace(value=_with(a.value, stands)) for a in arguments)
            return expression.replace(function=_with(function, stands), arguments=tuple(given))
        case ast.Chain(stages=stages):
            return expression.replace(stages=tuple(_with(stage, stands) for stage in stages))
        case ast.Tuple(items=items):
            return expression.replace(items=tuple(_with(item, stands) for item in items))
        case ast.Binary(left=left, right=right):
            return expression.replace(left=_with(left, stands), right=_with(right, stands))
        case ast.Negative(operand=operand):
            return expression.replace(operand=_with(operand, stands))
    return expression
