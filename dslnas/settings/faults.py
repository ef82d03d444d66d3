"""Faults of values: pydantic's errors in the words of the language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from dslnas.settings.annotations import (
    Annotation,
    alternatives,
    is_list,
    origin_of,
    wanted,
    words_of,
)
from dslnas.settings.model import Model, Spellings

_LIMITS = {
    "greater_than": ("must be more than {:g}", "gt"),
    "greater_than_equal": ("must be at least {:g}", "ge"),
    "less_than": ("must be less than {:g}", "lt"),
    "less_than_equal": ("must be at most {:g}", "le"),
    "too_short": ("needs at least {} values", "min_length"),
    "too_long": ("needs at most {} values", "max_length"),
}
"""By type of error what is said of it, and the name of the limit in its context."""

_COUNTED = ("too_short", "too_long")


@dataclass(frozen=True)
class Fault:
    """The fault of one value.

    Attributes:
        key: Key of the setting, or of the parameter of a call.
        wants: Requirement, to stand behind the name of the setting: "must be at least 1".
        value: Only the item of it that is wrong, if there is one, and `item` the number of that.
        is_counted: Whether it is the number of values that is wrong.
        words: Words that the setting takes.
        spellings: Those by what other programs write for them.
        limit: The nearest value within the limits, if it is a number that passes one of them.
    """

    key: str
    wants: str
    value: object
    item: int | None = None
    is_counted: bool = False
    words: tuple[str, ...] = ()
    limit: float | None = None
    spellings: Mapping[str, str] = field(default_factory=dict)

    def message(self, what: str, shown: str) -> str:
        """Return what is wrong, with the name of the setting and the value as it was written."""
        if self.item is not None:
            return f"each value of {what} {self.wants}, not {shown}"
        if self.is_counted and isinstance(self.value, tuple):
            return f"{what} {self.wants}, found {len(self.value)}"
        return f"{what} {self.wants}, not {shown}"


def faults(model: type[Model], values: dict[str, object], error: ValidationError) -> list[Fault]:
    """Return what is wrong with the values by key that a model refused.

    Unknown and missing keys are no faults of values: the caller looks for them first.
    """
    by_key: dict[str, list[ErrorDetails]] = {}
    for details in error.errors(include_url=False):
        by_key.setdefault(str(details["loc"][0]), []).append(details)
    fields = model.settings()
    return [
        replace(
            fault,
            words=tuple(words_of(fields[key].annotation)),
            limit=_nearest(errors),
            spellings=_spellings(fields[key]),
        )
        for key, errors in by_key.items()
        for fault in _of_setting(key, fields[key].annotation, values[key], errors)
    ]


def _spellings(setting: FieldInfo) -> Mapping[str, str]:
    """Return the words of a setting by what other programs write for them."""
    facts = (fact for fact in setting.metadata if isinstance(fact, Spellings))
    return {written: word for fact in facts for written, word in fact.words.items()}


def _of_setting(
    key: str, annotation: Annotation, value: object, errors: list[ErrorDetails]
) -> Iterator[Fault]:
    """Yield a fault for every item that is wrong, or one for a value that is wrong as a whole."""
    first, *others = alternatives(annotation)
    items = get_args(first)
    if others or origin_of(first) is not tuple:
        limit = _limit(errors)
        is_counted = limit is not None and limit["type"] in _COUNTED
        yield Fault(key, _wants(annotation, errors), value, is_counted=is_counted)
    elif not is_list(first) and not (isinstance(value, tuple) and len(value) == len(items)):
        yield Fault(key, _wants(annotation, []), value, is_counted=True)
    elif value == () and errors[0]["ctx"].get("min_length") == 1:  # written as `none`
        yield Fault(key, f"must be {wanted(items[0])}", value)
    else:
        # A list with wrong items is also found too short: those are not counted.
        of_items = [details for details in errors if len(details["loc"]) > 1]
        for details in of_items or errors:
            place = details["loc"][1:]
            item = int(place[0]) if place else None
            wants = _wants(annotation if item is None else items[0], [details])
            yield Fault(key, wants, details["input"], item, is_counted=item is None)


def _wants(annotation: Annotation, errors: list[ErrorDetails]) -> str:
    """Return what is wanted: a value within a limit if one is passed, else one of the types."""
    limit = _limit(errors)
    if limit is None:
        return f"must be {wanted(annotation)}"
    words, name = _LIMITS[limit["type"]]
    return words.format(limit["ctx"][name])


def _nearest(errors: list[ErrorDetails]) -> float | None:
    """Return the limit that is passed, if it may be reached itself."""
    limit = _limit(errors)
    kinds = ("greater_than_equal", "less_than_equal")
    return (
        None
        if limit is None or limit["type"] not in kinds
        else limit["ctx"][_LIMITS[limit["type"]][1]]
    )


def _limit(errors: list[ErrorDetails]) -> ErrorDetails | None:
    """Return the first error about a limit that is passed."""
    return next((details for details in errors if details["type"] in _LIMITS), None)
