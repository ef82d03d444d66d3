"""`dslnas schema`: the schema says what a real run writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dslnas.cli.main import run
from dslnas.runs.manifest import Manifest
from dslnas.runs.summary import Summary


def printed_schema(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["schema", *arguments]) == 0
    schema: dict[str, Any] = json.loads(capsys.readouterr().out)
    return schema


TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}


def wrong_in(
    schema: dict[str, Any], value: Any, root: dict[str, Any], place: str = ""
) -> list[str]:
    """Return where a value is none of a schema."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        found = [wrong_in(choice, value, root, place) for choice in schema["anyOf"]]
        return [] if [] in found else found[0]
    if "type" in schema and not isinstance(value, TYPES[schema["type"]]):
        return [f"{place}: no {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{place}: not one of {schema['enum']}"]
    wrong = []
    for key, entry in enumerate(value) if isinstance(value, list) else ():
        wrong += wrong_in(schema.get("items", {}), entry, root, f"{place}[{key}]")
    return wrong if not isinstance(value, dict) else wrong_in_object(schema, value, root, place)


def wrong_in_object(
    schema: dict[str, Any], value: dict[str, Any], root: dict[str, Any], place: str
) -> list[str]:
    fields, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    wrong = [f"{place}: lacks {key}" for key in schema.get("required", ()) if key not in value]
    for key, entry in value.items():
        inner = fields.get(key, more)
        if inner is False:
            wrong.append(f"{place}: has {key}")
        elif inner is not True:
            wrong += wrong_in(inner, entry, root, f"{place}.{key}")
    return wrong


def test_the_manifest_of_a_run_fits_the_schema(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = printed_schema(capsys)
    assert schema["title"] == "Manifest"
    assert list(schema["properties"]) == list(Manifest.model_fields)
    content = json.loads((finished / "manifest.json").read_text())
    assert wrong_in(schema, content, schema) == []
    assert wrong_in(schema, {**content, "seed": "x", "mine": 1}, schema) == [
        ".seed: no integer",
        ": has mine",
    ]
    Manifest.model_validate_json((finished / "manifest.json").read_bytes())


def test_the_summary_of_repeated_runs_fits_the_schema(
    repeated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = (repeated / "summary.json").read_text()
    schema = printed_schema(capsys, "summary")
    assert schema["title"] == "Summary"
    assert wrong_in(schema, json.loads(content), schema) == []
    assert Summary.model_validate_json(content).search.n == 1


def test_what_check_prints_fits_the_schema(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = printed_schema(capsys, "check")
    assert schema["title"] == "CheckReport"
    bad = tmp_path / "bad.nas"
    bad.write_text("use papers.dart\n")
    assert run(["check", str(bad), str(tmp_path / "no.nas"), "--format", "json"]) == 1
    assert wrong_in(schema, json.loads(capsys.readouterr().out), schema) == []


def test_the_schema_is_the_same_every_time(capsys: pytest.CaptureFixture[str]) -> None:
    texts = set()
    for _ in range(2):
        assert run(["schema", "manifest"]) == 0
        texts.add(capsys.readouterr().out)
    assert len(texts) == 1
    assert run(["schema", "weights"]) == 2


def test_every_field_has_a_short_description(capsys: pytest.CaptureFixture[str]) -> None:
    for file, fields in (("manifest", Manifest.model_fields), ("summary", Summary.model_fields)):
        schema = printed_schema(capsys, file)
        assert list(schema["properties"]) == list(fields)
        assert all(field["description"] for field in schema["properties"].values())
        for part in (schema, *schema["$defs"].values()):
            about = [part.get("description", "")]
            about += [field.get("description", "") for field in part.get("properties", {}).values()]
            assert not any("\n" in text or "Attributes:" in text for text in about)
    assert schema["properties"]["spec_hash"]["description"] == "Hash of its effective text."
    outcome = schema["$defs"]["Outcome"]["properties"]
    assert outcome["cells"]["description"] == "The cells that were found."
