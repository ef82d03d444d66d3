"""The base of the syntax tree's nodes: frozen, equal where they say the same.

A node is written like a dataclass. It is none because a command starts in the time that making
two dozen of them takes; here a class only notes the names of its fields.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self, dataclass_transform

from dslnas.source import Span


def aside(*, kw_only: bool = False) -> Any:
    """Declare a field that takes no part in equality and printing."""


@dataclass_transform(frozen_default=True, field_specifiers=(aside,))
class _Frozen:
    """Base of syntax nodes: its fields are the annotated names of its class, in order."""

    __match_args__: ClassVar[tuple[str, ...]] = ()
    _compared: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        fields = tuple(name for name in cls.__annotations__ if name != "span")
        cls.__match_args__ = fields  # type: ignore[misc]  # mypy works it out by itself
        cls._compared = tuple(name for name in fields if name not in vars(cls))

    def __init__(self, *values: object, span: Span, **named: object) -> None:
        if len(values) + len(named) != len(self.__match_args__):
            fields = ", ".join(self.__match_args__)
            raise TypeError(f"{type(self).__name__} takes {fields}")
        vars(self).update(zip(self.__match_args__, values, strict=False), **named, span=span)

    def replace(self, **changes: object) -> Self:
        """Return the node with some fields changed."""
        return type(self)(**{**vars(self), **changes})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"`{name}` of {type(self).__name__} cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"`{name}` of {type(self).__name__} cannot be removed")

    def _key(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self._compared)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash((type(self), self._key()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._compared)
        return f"{type(self).__name__}({fields})"


class Node(_Frozen):
    """A part of a program as it was written; its span is given by keyword.

    Raises:
        TypeError: A field is missing or unknown.
    """

    span: Span = aside(kw_only=True)
