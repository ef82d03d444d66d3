"""The manifest: what is written, in which order, and what of it is measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from dslnas.json_model import json_text
from dslnas.runs.folder import RunFolder
from dslnas.runs.manifest import MANIFEST, Manifest, read_manifest
from tests.measurements import without_measurements
from tests.runs.made import made_manifest

LATENCY = {"processor": "a fast one", "threads": 2, "milliseconds": {}}
DONE = {"params": 1, "flops": 2, "retrain_seconds": 3.0}


def test_results_are_written_in_one_order_whatever_order_they_came_in() -> None:
    manifest = made_manifest({"search_epoch": 1, "search_seconds": 0.5})
    for entries in ({"latency": LATENCY}, DONE, {"vocabulary": 44, "unknown": {"t": 1}}):
        manifest = manifest.updated({"results": manifest.results.updated(entries)})
    assert list(manifest.model_dump()["results"]) == [
        "search_seconds",
        "search_epoch",
        "vocabulary",
        "unknown",
        "params",
        "flops",
        "retrain_seconds",
        "latency",
    ]


def test_what_is_written_is_read_as_the_same(tmp_path: Path) -> None:
    measures = {"test_accuracy": 0.1 + 0.2, "count": 3, "perplexity": float("inf")}
    manifest = made_manifest({**measures, **DONE}, facts={"level": "char", "mean": 0.5})
    folder = RunFolder(tmp_path / "run", manifest)
    folder.make("")
    before = (folder.path / MANIFEST).read_bytes()
    read = read_manifest(folder.path)
    assert read == manifest
    assert json_text(read.model_dump()).encode() == before
    assert read.model_dump()["facts"] == {"level": "char", "mean": 0.5}


def test_what_a_task_knows_of_its_data_may_be_in_tuples(tmp_path: Path) -> None:
    manifest = made_manifest({}, facts={"columns": {"house": ("area", "rooms")}})
    folder = RunFolder(tmp_path / "run", manifest)
    folder.make("")
    assert read_manifest(folder.path) == manifest
    assert manifest.model_dump()["facts"] == {"columns": {"house": ["area", "rooms"]}}


def test_a_fact_that_json_cannot_say_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"facts\.column"):
        made_manifest({}, facts={"column": object()})


def test_measurements_are_no_part_of_what_equal_runs_have_in_common() -> None:
    def made(time: float, difference: float, accuracy: float) -> dict[str, object]:
        measured = {
            "latency": {**LATENCY, "threads": int(time)},
            "largest_difference": {"onnx": difference},
        }
        times = {"search_seconds": time, "retrain_seconds": time}
        results = {**measured, **times, "test_accuracy": accuracy, "params": 1}
        return without_measurements(made_manifest(results))

    assert made(1.0, 1e-7, 0.5) == made(2.0, 2e-7, 0.5) != made(1.0, 1e-7, 0.6)
    assert made(1.0, 1e-7, 0.5)["results"] == {"test_accuracy": 0.5, "params": 1}


def test_a_measure_is_a_number_or_one_for_each_part() -> None:
    with pytest.raises(ValidationError):
        made_manifest({"test_accuracy": "high"})


def test_the_schema_says_what_is_required_and_what_is_measured() -> None:
    schema = Manifest.model_json_schema()
    assert schema["required"][:4] == ["status", "spec", "spec_hash", "method"]
    assert "warnings" not in schema["required"]
    results = schema["$defs"]["Results"]["properties"]
    measured = {name for name, field in results.items() if field.get("measurement")}
    assert measured == {
        *("search_seconds", "retrain_seconds", "latency"),
        *("largest_difference", "relative_difference"),
    }
