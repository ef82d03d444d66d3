"""Folders of runs made up for tests: nothing is trained."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dslnas.app.compile import compile_spec
from dslnas.app.compiled import CompiledSearch
from dslnas.runs.folder import ARCHITECTURE, METRICS, SPEC
from dslnas.runs.manifest import MANIFEST
from dslnas.space.search_space import SearchSpace
from dslnas.training.records import EpochRecord, Line
from tests.runs.made import made_manifest
from tests.small import SMALL


def compiled(tmp_path: Path) -> CompiledSearch:
    """Return the small search, compiled."""
    path = tmp_path / "small.nas"
    path.write_text(SMALL)
    spec = compile_spec(path)
    assert isinstance(spec, CompiledSearch)
    return spec


def one_hot(space: SearchSpace, chosen: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Return scores that prefer some columns, a tenth for every other."""
    return {
        name: [
            [0.5 if column == taken else 0.1 for column in range(size)]
            for size, taken in zip(table.rows, chosen[name], strict=True)
        ]
        for name, table in space.tables.items()
    }


def searched(epoch: int, epochs: int, **entries: Any) -> EpochRecord:
    """Return the record of an epoch of a search."""
    facts: dict[str, Any] = {
        "stage": "search",
        "epoch": epoch,
        "epochs": epochs,
        "train_loss": 2.0 / epoch,
        "validation_loss": 2.5 / epoch,
        "validation_accuracy": 1 - 0.5 / epoch,
        "seconds": 1.5 * epoch,
    }
    return EpochRecord.model_validate_json(json.dumps(facts | entries))


def trained(epoch: int, epochs: int) -> EpochRecord:
    """Return the record of an epoch of a training."""
    return searched(epoch, epochs, stage="retrain")


def write_run(
    folder: Path,
    lines: Iterable[Line] = (),
    results: Mapping[str, object] | None = None,
    *,
    spec: str = "",
    architecture: str = "",
    **entries: object,
) -> Path:
    """Write a folder of a run, and return it."""
    folder.mkdir()
    manifest = made_manifest(results or {}, **entries)
    (folder / MANIFEST).write_text(json.dumps(manifest.model_dump()))
    (folder / METRICS).write_text("".join(json.dumps(line.as_json()) + "\n" for line in lines))
    if spec:
        (folder / SPEC).write_text(spec)
    if architecture:
        (folder / ARCHITECTURE).write_text(architecture)
    return folder
