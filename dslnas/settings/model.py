"""Bases of everything a spec sets: pydantic models whose fields say what they take.

A field's description is shown to users. Its alias, if it has one, is what the language calls it:
`lambda` is `lambda_`, as Python took the word.

Modules of models do not postpone their annotations: pydantic evaluates those of all bases anew for
every class, and a command starts faster where they are types already.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Aliases:
    """Other words for a setting, of other programs: what a user may write; a fact of its field."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class OfMachine:
    """Mark of a setting that changes no result: it says how a machine comes to it."""


@dataclass(frozen=True)
class Spellings:
    """Words of a setting by what other programs write for them; a fact of its field."""

    words: Mapping[str, str]


class Model(BaseModel):
    """Base of sections and calls: checked, frozen, equal by its fields, made with keywords.

    Values are taken as they are: `true` is no number and 3.0 no whole one, but a whole number is
    kept as a float where a number is wanted.

    Attributes:
        tag: Name of the field that holds the model's own name; "" where there is none.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        defer_build=True,  # a command uses few of the models, and building all takes its time
    )
    tag: ClassVar[str] = ""

    @classmethod
    def settings(cls) -> dict[str, FieldInfo]:
        """Return what can be written, by its key in the language; the tag is no part of it."""
        fields = cls.model_fields.items()
        return {field.alias or name: field for name, field in fields if name != cls.tag}

    @classmethod
    def of_machine(cls) -> frozenset[str]:
        """Return the keys of the settings that change no result."""
        fields, mark = cls.settings().items(), OfMachine()
        return frozenset(key for key, field in fields if mark in field.metadata)

    @classmethod
    def meant(cls, word: str) -> str:
        """Return the key that a word of other programs means here, or "" where it means nothing."""
        for key, field in cls.settings().items():
            if any(word in fact.words for fact in field.metadata if isinstance(fact, Aliases)):
                return key
        return ""

    def value_of(self, key: str) -> object:
        """Return the value of a setting by its key in the language."""
        names = {field.alias or name: name for name, field in type(self).model_fields.items()}
        return getattr(self, names[key])

    def replace(self, **changes: object) -> Self:
        """Return the model with some fields changed, and checked."""
        return self.model_validate({**vars(self), **changes})


class Section(Model):
    """Base of the sections of a spec.

    Attributes:
        kind: Word that the section starts with.
        expressions: Settings that are expressions of the language, by key with their meaning; they
            stay syntax, and the checker reads them.
    """

    kind: ClassVar[str]
    expressions: ClassVar[Mapping[str, str]] = MappingProxyType({})

    @classmethod
    def heading(cls) -> str:
        """Return what stands before the brace, such as `search darts`."""
        return f"{cls.kind} {cls.model_fields[cls.tag].default}" if cls.tag else cls.kind

    def resolved(self) -> Self:
        """Return the section with values for those settings that depend on others."""
        return self

    @classmethod
    def all_keys(cls) -> list[str]:
        """Return the keys of all settings, plain ones and expressions."""
        return [*cls.settings(), *cls.expressions]


class Call(Model):
    """Base of everything written as `word(...)`, its fields being the parameters in their order.

    Attributes:
        word: Name of the call.
        noun: Noun for such calls, in messages.
        aliases: Other words for it, of other programs.
    """

    tag = "word"
    noun: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    word: str = ""  # every call has its own
