"""Faults of JSON that a model refused: pydantic's errors by place, in words of people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import ValidationError
from pydantic_core import ErrorDetails

MISSING, UNKNOWN = "is missing", "is unknown"

_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dataclass_type": "an object",
    "none_required": "null",
    "literal_error": "{expected}",
}
"""Kinds that are wanted instead of that of a value, by pydantic's type of error."""

_WORDS = {
    "missing": MISSING,
    "extra_forbidden": UNKNOWN,
    "unexpected_keyword_argument": UNKNOWN,
    "finite_number": "must be a finite number",
    "greater_than": "must be more than {gt:.12g}",
    "greater_than_equal": "must be at least {ge:.12g}",
    "less_than": "must be less than {lt:.12g}",
    "less_than_equal": "must be at most {le:.12g}",
    "string_too_short": "must have {min_length} or more characters",
    "string_unicode": "has half of a character alone",
    "too_short": "must have {min_length} or more entries",
    "too_long": "must have {max_length} or fewer entries",
    "union_tag_not_found": MISSING,
    "union_tag_invalid": "must be {expected}",
    "value_error": "{error}",
    "json_invalid": "is not JSON: {error}",
}
"""Claims about a value of the right kind by pydantic's type of error."""

_OTHERWISE = "is not what belongs there"
_KEY = "[key]"

_Step: TypeAlias = tuple[int | str, bool]
"""A key, or a number in a list; or the name of an alternative that pydantic tried: then False."""

_Place: TypeAlias = tuple[int | str, ...]


@dataclass(frozen=True)
class _Claim:
    """One error about a value.

    Attributes:
        wants: Kind that is wanted, where the value is of another; else "".
        words: Words for the error otherwise.
    """

    wants: str = ""
    words: str = ""


_Claims: TypeAlias = Mapping[_Place, tuple[_Claim, ...]]


def json_faults(error: ValidationError, value: object) -> dict[str, str]:
    """Return what is wrong by place, as `runs[0].seed`, in a value read from JSON; "" is all of it.

    Of a union, what is told is of the alternatives that the value comes nearest to: where its kind
    is that of none, all kinds are named.
    """
    details = error.errors(include_url=False, include_input=False)
    inside = {loc[:end] for loc in (one["loc"] for one in details) for end in range(len(loc))}
    # A list with wrong items is also found too short.
    certain = (one for one in details if one["type"] != "too_short" or one["loc"] not in inside)
    claims = _told((), [_split(one, value) for one in certain])
    return {_written(place): _said(found) for place, found in claims.items()}


def _split(details: ErrorDetails, value: Any) -> tuple[list[_Step], _Claim]:
    """Return the steps to a value and what is claimed of it."""
    kind, context = details["type"], dict(details.get("ctx", {}))
    steps: list[_Step] = []
    for number, step in enumerate(details["loc"], 1):
        try:
            value, is_there = value[step], True
        except (LookupError, TypeError):
            is_there = kind == "missing" and number == len(details["loc"])
        steps.append((step, is_there))
    if kind.startswith("union_tag"):  # it is the entry that is wrong which tells them apart
        steps.append((context["discriminator"].strip("'"), True))
        context["expected"] = _either(context.get("expected_tags", "").split(", "))
    wants = _KINDS.get(kind, "").format(**context)
    if steps and steps[-1] == (_KEY, False):
        return steps[:-1], _Claim(words=f"must be named {wants}" if wants else UNKNOWN)
    words = "" if wants else _WORDS.get(kind, _OTHERWISE).format(**context)
    return steps, _Claim(wants, words)


def _told(place: _Place, faults: Iterable[tuple[list[_Step], _Claim]]) -> _Claims:
    """Return the claims by place of faults at a place and below it."""
    told: dict[_Place, tuple[_Claim, ...]] = {}
    below: dict[_Step, list[tuple[list[_Step], _Claim]]] = {}
    for steps, claim in faults:
        if steps:
            below.setdefault(steps[0], []).append((steps[1:], claim))
        else:
            told[place] = (*told.get(place, ()), claim)
    tried: list[_Claims] = []
    for (step, is_there), rest in below.items():
        if is_there:
            told |= _told((*place, step), rest)
        else:
            tried.append(_told(place, rest))
    for claims in _nearest(place, tried):
        for at, found in claims.items():
            told[at] = (*told.get(at, ()), *found)
    return told


def _nearest(place: _Place, tried: Collection[_Claims]) -> Iterable[_Claims]:
    """Return those alternatives for a place that its value comes nearest to.

    These are of its kind, have the fewest faults, and have them deepest.
    """
    of_kind = [claims for claims in tried if place not in claims] or tried
    ranks = [(len(claims), -max(map(len, claims))) for claims in of_kind]
    return (claims for claims, rank in zip(of_kind, ranks, strict=True) if rank == min(ranks))


def _said(claims: Collection[_Claim]) -> str:
    """Return in words what is wrong with one value."""
    for claim in claims:
        if claim.words:
            return claim.words
    kinds = list(dict.fromkeys(claim.wants for claim in claims))
    if "a number" in kinds:  # whole ones are among them
        kinds = [kind for kind in kinds if kind != "a whole number"]
    return f"must be {_either(kinds)}"


def _either(words: Sequence[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _written(place: _Place) -> str:
    return "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in place).removeprefix(".")
