"""Models of the JSON files of a run: written, read and described by the same types."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)
from pydantic.fields import FieldInfo
from pydantic_core import from_json

from dslnas.diagnostics import Diagnostic, UserError, user_error
from dslnas.json_faults import MISSING, UNKNOWN, json_faults
from dslnas.regular import reason_of, regular

MEASUREMENT: FieldInfo = Field(json_schema_extra={"measurement": True})
"""Trait of a field that is measured: equal runs may differ in it."""

Seconds = Annotated[float, MEASUREMENT]

_MOST_NAMED = 3

HELP = "restore it from a copy, or run again in another folder"

_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n {5,}.*)*)", re.MULTILINE)
"""Name and text of an attribute in a docstring."""

_Model = TypeVar("_Model", bound="JsonModel")


class JsonModel(BaseModel):
    """Base of what a file says: frozen, and strict about types and names."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    @classmethod
    def other_writer(cls, value: object) -> str:
        """Return the version of dslnas that a file says it was written by.

        It is "" where that is this one, or where the file, read as `value`, says nothing.
        """
        return ""


class OpenModel(JsonModel):
    """A model that is written as it was given: without defaults, with entries of its own.

    Attributes:
        extras_after: The field behind which entries without a field are written.
    """

    extras_after: ClassVar[str] = ""

    def updated(self, changes: Mapping[str, object]) -> Self:
        """Return the model with some entries set, all of them checked."""
        names = (*type(self).model_fields, *(self.model_extra or ()))  # in order, as no set is
        given = {name: getattr(self, name) for name in names if name in self.model_fields_set}
        return type(self).model_validate({**given, **changes})

    @model_serializer(mode="wrap")
    def _as_given(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written, extras = write(self), list(self.model_extra or ())
        names: list[str] = []
        for name in type(self).model_fields:
            if name in self.model_fields_set:
                names.append(name)
            if name == self.extras_after:
                names += extras
        return {name: written[name] for name in names}


def json_schema(model: type[JsonModel]) -> dict[str, object]:
    """Return the JSON Schema of a file: what docstrings say of a field is its description."""
    schema = model.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        about, _, attributes = part.get("description", "").partition("\n\nAttributes:\n")
        if about:
            part["description"] = " ".join(about.partition("\n\n")[0].split())
        fields = part.get("properties", {})
        for name, text in _ATTRIBUTE.findall(attributes):
            if name in fields:
                fields[name].setdefault("description", " ".join(text.split()))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def json_text(value: object) -> str:
    """Return a value as the text of a JSON file."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def read_model(model: type[_Model], path: Path) -> _Model:
    """Read a JSON file.

    Raises:
        OSError: It is not there or cannot be read.
        UserError: NAS027 if it is damaged, with every place that is wrong.
    """
    return parse_model(model, regular(path).read_bytes(), str(path))


def parse_model(model: type[_Model], content: str | bytes, where: str, help_: str = HELP) -> _Model:
    """Return a model read from JSON.

    Args:
        model: The model.
        content: The JSON.
        where: Name of its source, for messages.
        help_: Advice to the user if it is damaged.

    Raises:
        UserError: NAS027 if it is damaged, with every place that is wrong.
    """
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        is_json = any(one["loc"] for one in error.errors(include_url=False, include_input=False))
        value = from_json(content) if is_json else None
        faults, writer = json_faults(error, value), model.other_writer(value)
    raise _of_version(faults, where, writer) if writer else damaged(faults, where, help_)


def damaged(places: Mapping[str, str], where: str, help_: str = HELP) -> UserError:
    """Return the error for a damaged file: by place in it, what is wrong there.

    Names that are unknown are those of another version of dslnas: they make one line, with all that
    are missing.
    """
    of_names = {place: words for place, words in places.items() if words in (MISSING, UNKNOWN)}
    messages = []
    if UNKNOWN in of_names.values():
        messages.append(f"damaged, or of another version of dslnas: {_listed(of_names)}")
        places = {place: words for place, words in places.items() if place not in of_names}
    for place, words in places.items():
        messages.append(f"damaged: {f'`{place}`: ' if place else ''}{words}")
    return UserError(Diagnostic("NAS027", one, where=where, help=help_) for one in messages)


def _of_version(places: Mapping[str, str], where: str, version: str) -> UserError:
    """Return the error for a file that another version of dslnas wrote."""
    return user_error(
        "NAS027",
        f"was written by another version of dslnas, {version}: {_listed(places)}",
        where=where,
        help="read it with that version, or run again in another folder",
    )


def unread(path: Path, error: OSError, help_: str = HELP) -> UserError:
    """Return the error for a file that is there and cannot be read."""
    return damaged({"": f"cannot be read: {reason_of(error)}"}, str(path), help_)


def _listed(places: Mapping[str, str]) -> str:
    """Return what is wrong, as one line that names the first places."""
    told = [f"`{place}` {words}" if place else words for place, words in places.items()]
    more = len(told) - _MOST_NAMED
    return ", ".join(told[:_MOST_NAMED]) + (f", and {more} more" if more > 0 else "")
