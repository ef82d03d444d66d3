"""Kinds of values: what a setting takes, and how it says so in the words of the language.

A kind looks at plain values: numbers, words, texts, tuples, and the calls of
`dslnas.settings.values`. It knows nothing of how they were written.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dslnas.settings.schema import Value

_LIMITS: dict[str, tuple[str, Callable[[Any, float], bool]]] = {
    "le": ("at most", operator.le),
    "lt": ("less than", operator.lt),
    "ge": ("at least", operator.ge),
    "gt": ("more than", operator.gt),
}


class UnfitError(ValueError):
    """A value is not what a setting takes.

    Attributes:
        wants: What is wanted, to stand behind the name of the setting: "must be at least 1".
        value: What was given; only the item of it that is wrong, if there is one.
        item: Number of that item.
    """

    def __init__(self, wants: str, value: object, item: int | None = None) -> None:
        self.wants, self.value, self.item = wants, value, item
        super().__init__(self.message("it", repr(value)))

    def message(self, what: str, shown: str) -> str:
        """Return what is wrong, with the name of the setting and the value as it was written."""
        if self.item is not None:
            return f"each value of {what} {self.wants}, not {shown}"
        if isinstance(self.value, tuple):
            return f"{what} {self.wants}, found {len(self.value)}"
        return f"{what} {self.wants}, not {shown}"


class Kind:
    """Base of the kinds; none ever changes.

    Attributes:
        wants: In words what it takes, one after the other: "a whole number", "`all`".
        is_several: Whether it is written as several values.
    """

    wants: tuple[str, ...]
    is_several: bool = False

    def __or__(self, other: Kind) -> Either:
        return Either(self, other)

    @property
    def wanted(self) -> str:
        """In words what it takes: "a whole number or `all`"."""
        *others, last = self.wants
        return f"{', '.join(others)} or {last}" if others else last

    def suits(self, value: object) -> bool:
        """Whether it takes such values at all, whatever their size."""
        raise NotImplementedError

    def check(self, value: object) -> object:
        """Return a value as it is kept.

        Raises:
            UnfitError: It does not suit, or it is too small or too large.
        """
        if not self.suits(value):
            raise UnfitError(f"must be {self.wanted}", value)
        return value


class _Limited(Kind):
    """A number within limits: `ge` is >=, `gt` is >, `le` is <=, `lt` is <."""

    def __init__(self, **limits: float) -> None:
        self._limits = [(*_LIMITS[key], limit) for key, limit in limits.items()]

    def check(self, value: object) -> object:
        """Return the number."""
        value = super().check(value)
        for words, holds, limit in self._limits:
            if not holds(value, limit):
                raise UnfitError(f"must be {words} {limit:g}", value)
        return value


class Whole(_Limited):
    """A whole number within limits."""

    wants = ("a whole number",)

    def suits(self, value: object) -> bool:
        """Whether it is a whole number; `true` is none."""
        return isinstance(value, int) and not isinstance(value, bool)


class Number(_Limited):
    """A number within limits; it is kept as a float."""

    wants = ("a number",)

    def suits(self, value: object) -> bool:
        """Whether it is a number that a float can hold; `true` is none."""
        if isinstance(value, int) and not isinstance(value, bool):
            return abs(value) <= sys.float_info.max
        return isinstance(value, float)

    def check(self, value: object) -> float:
        """Return the number as a float."""
        number = super().check(value)
        assert isinstance(number, int | float)
        return float(number)


class Text(Kind):
    """Any text."""

    wants = ("text in quotes",)

    def suits(self, value: object) -> bool:
        """Whether it is text."""
        return isinstance(value, str)


class Word(Kind):
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        self._words = words
        self.wants = tuple(f"`{word}`" for word in words)

    def suits(self, value: object) -> bool:
        """Whether it is one of the words."""
        return isinstance(value, str) and value in self._words


class Call(Kind):
    """One of a few values that are written as calls, such as `cosine(0.025)`."""

    def __init__(self, *kinds: type[Value]) -> None:
        self._kinds = kinds
        self.wants = tuple(f"`{k.word}(...)`" if k.fields else f"`{k.word}`" for k in kinds)

    def suits(self, value: object) -> bool:
        """Whether it is one of the calls."""
        return isinstance(value, self._kinds)


class Either(Kind):
    """The first of two kinds that suits."""

    def __init__(self, first: Kind, second: Kind) -> None:
        self._kinds = (first, second)
        self.wants = first.wants + second.wants
        self.is_several = first.is_several or second.is_several

    def suits(self, value: object) -> bool:
        """Whether one of the kinds suits."""
        return any(kind.suits(value) for kind in self._kinds)

    def check(self, value: object) -> object:
        """Return the value as the kind keeps it that suits."""
        for kind in self._kinds:
            if kind.suits(value):
                return kind.check(value)
        return super().check(value)
