"""What sections and calls are made of: records whose fields say what they take.

A record is written like a dataclass. It is none because a command starts in the time that making
all of them would take; here a class only collects its fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self, dataclass_transform

from dslnas.settings.kinds import Kind, UnfitError

_REQUIRED: Final = object()


class Field:
    """One setting of a section, or one value of a call; it never changes.

    Attributes:
        kind: What it takes.
        about: One line for the user; "" where the name says it all.
        default: Its value where none is given; the papers'.
        is_required: Whether it has no default.
        name: Of the attribute.
        key: What it is called in the language.
    """

    name: str
    key: str

    def __init__(self, kind: Kind, about: str, default: object) -> None:
        self.kind, self.about, self.default = kind, about, default
        self.is_required = default is _REQUIRED

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.key = name, name.removesuffix("_")  # `lambda_`: Python took the word

    def check(self, value: object) -> object:
        """Return a value as it is kept.

        Raises:
            UnfitError: The field does not take it.
        """
        # What has no value by default can be left without one.
        return None if value is None and self.default is None else self.kind.check(value)


def setting(kind: Kind, about: str = "", *, default: Any = _REQUIRED) -> Any:
    """Declare a field of a record; what stands there is a `Field` once the class is made."""
    return Field(kind, about, default)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(setting,))
class Record:
    """Base of sections and calls: frozen; equal and shown by its fields; made with keywords.

    Attributes:
        fields: All fields by name, those of the bases first.

    Raises:
        TypeError: A field is unknown or missing.
        ValueError: A field does not take its value.
    """

    fields: ClassVar[Mapping[str, Field]] = {}

    def __init_subclass__(cls) -> None:
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Field)}
        cls.fields = {**cls.fields, **own}
        for name in own:
            delattr(cls, name)

    def __init__(self, **given: object) -> None:
        for name in given:
            if name not in self.fields:
                raise TypeError(f"{type(self).__name__} has no `{name}`")
        values = vars(self)
        for name, field in self.fields.items():
            if name not in given and field.is_required:
                raise TypeError(f"{type(self).__name__} needs `{name}`")
            values[name] = self._checked(field, given[name]) if name in given else field.default

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Self:
        """Return a record with values that are known only when the program runs."""
        return cls(**values)

    def replace(self, **changes: object) -> Self:
        """Return the record with some fields changed."""
        return type(self)(**{**vars(self), **changes})

    def to_plain(self) -> dict[str, object]:
        """Return the fields by their keys, for JSON; calls are likewise."""
        return {field.key: _plain(getattr(self, name)) for name, field in self.fields.items()}

    def _checked(self, field: Field, value: object) -> object:
        try:
            return field.check(value)
        except UnfitError as wrong:
            what = f"`{field.name}` of {type(self).__name__}"
            raise ValueError(wrong.message(what, repr(wrong.value))) from None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"`{name}` of {type(self).__name__} cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"`{name}` of {type(self).__name__} cannot be removed")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({values})"


class Value(Record):
    """Base of everything written as `word(...)`; `word` is the name in the language."""

    word: ClassVar[str]


class Settings(Record):
    """Base of the sections; `kind` is the name in the language."""

    kind: ClassVar[str]


def _plain(value: object) -> object:
    match value:
        case Record():
            return value.to_plain()
        case tuple():
            return [_plain(item) for item in value]
    return value
