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

from dslnas.diagnostics import Diagnostic, UserError

MEASUREMENT: FieldInfo = Field(json_schema_extra={"measurement": True})
"""Trait of a field that is measured: equal runs may differ in it."""

Seconds = Annotated[float, MEASUREMENT]

HELP = "restore it from a copy, or run again in another folder"

_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is unknown",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "literal_error": "must be {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must be at least {min_length} characters long",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "value_error": "{error}",
    "json_invalid": "is not JSON: {error}",
}
"""Claims about a value by pydantic's type of error; its own words stay for other types."""

_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n {5,}.*)*)", re.MULTILINE)
"""Name and text of an attribute in a docstring."""

_Model = TypeVar("_Model", bound="JsonModel")


class JsonModel(BaseModel):
    """Base of what a file says: frozen, and strict about types and names."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


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
    return parse_model(model, path.read_bytes(), str(path))


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
        places: dict[str, str] = {}
        for wrong in error.errors(include_url=False, include_input=False):
            kind, message = wrong["type"], wrong["msg"]
            if kind in _WORDS:
                message = _WORDS[kind].format(**wrong.get("ctx", {}))
            places.setdefault(_place(wrong["loc"], kind, content), message)
    raise damaged(places, where, help_)


def damaged(places: Mapping[str, str], where: str, help_: str = HELP) -> UserError:
    """Return the error for a damaged file: by place in it, what is wrong there."""
    return UserError(
        Diagnostic(
            "NAS027",
            f"damaged: {f'`{place}`: ' if place else ''}{message}",
            where=where,
            help=help_,
        )
        for place, message in places.items()
    )


def _place(loc: tuple[int | str, ...], type_: str, content: str | bytes) -> str:
    """Return a place as `runs[0].seed`, without the types that pydantic tried there."""
    if not loc:
        return ""
    value: Any = json.loads(content)
    place = ""
    for step in loc:
        try:
            value = value[step]
        except (LookupError, TypeError):
            if type_ != "missing" or step != loc[-1]:
                break
        place += f"[{step}]" if isinstance(step, int) else f".{step}"
    return place.removeprefix(".")
