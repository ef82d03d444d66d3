"""The page on JSON files: what a run, repeated runs and commands write for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from docs.site.markdown import code, escaped, page, table
from dslnas.cli.commands.schema import FILES, model_of
from dslnas.json_model import json_schema
from dslnas.runs.described import FILES as FILES_OF_RUNS
from dslnas.runs.described import OTHER_FILES, exported_files
from dslnas.settings.calls import CALLS
from dslnas.settings.spec import SECTIONS
from dslnas.tasks.catalogue import TASKS

Schema: TypeAlias = Mapping[str, Any]


def files_page() -> str:
    """Return the page with a table for every object of every file."""
    return page(
        "# JSON files",
        "`dslnas schema` prints JSON Schemas of what runs and commands write as JSON, for programs "
        "that read it; these tables are the same for people. Fields in italics may be missing; "
        "those of sections and calls are their [settings](settings.md) and "
        "[parameters](values.md).",
        *(_file(file) for file in FILES),
    )


def run_files_text() -> str:
    """Return a table of the files that runs themselves write and read."""
    return _meanings({**FILES_OF_RUNS, **OTHER_FILES})


def exports_text() -> str:
    """Return a table of the files that runs export."""
    return _meanings(exported_files(TASKS))


def _meanings(files: Mapping[str, str]) -> str:
    return table(("file", "contents"), ([code(name), escaped(m)] for name, m in files.items()))


def _file(file: str) -> str:
    schema: Schema = json_schema(model_of(file))
    parts = {schema["title"]: schema, **schema.get("$defs", {})}
    told = {model.__name__ for model in (*SECTIONS, *CALLS.values())}
    objects = {n: part for n, part in parts.items() if "properties" in part and n not in told}
    blocks = (f"### {file}: {name}\n\n{_object(part)}" for name, part in objects.items())
    return page(f"## {file}", *blocks).strip()


def _object(schema: Schema) -> str:
    needed = schema.get("required", ())
    rows = (
        [
            code(name) if name in needed else f"*{code(name)}*",
            escaped(" or ".join(dict.fromkeys(_types(field)))),
            escaped(field.get("description", "")),
        ]
        for name, field in schema["properties"].items()
    )
    return page(escaped(schema.get("description", "")), table(("field", "type", "meaning"), rows))


def _types(schema: Schema) -> Iterator[str]:
    """Yield in words the types that a value may have."""
    for part in schema.get("anyOf", schema.get("oneOf", (schema,))):
        if "oneOf" in part:
            yield from _types(part)
        elif "$ref" in part:
            yield part["$ref"].rpartition("/")[2]
        elif "enum" in part:
            yield ", ".join(code(str(value)) for value in part["enum"])
        elif "const" in part:
            yield code(str(part["const"]))
        elif part.get("type") == "array":
            yield f"list of {' or '.join(_types(part.get('items', {})))}"
        elif part.get("type") == "object" and isinstance(part.get("additionalProperties"), Mapping):
            yield f"by name: {' or '.join(_types(part['additionalProperties']))}"
        else:
            yield str(part.get("type", "anything"))
