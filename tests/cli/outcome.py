"""Running a search from the command line, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from dslnas.cli.main import run
from dslnas.cli.render.progress import Progress
from dslnas.training.records import EpochRecord, StepRecord

Interrupt: TypeAlias = Callable[[str, int], None]
"""Says where the next runs are interrupted: a stage, and an epoch of it, 0 for never."""


def search(spec: Path, out: Path, *arguments: str) -> int:
    return run(["compile", str(spec), "--search", "--out", str(out), *arguments])


@contextmanager
def interrupting() -> Iterator[Interrupt]:
    """Interrupt runs inside of this in the second step of an epoch, where it is said."""
    where: dict[str, int] = {}
    shown = Progress.__call__

    def show(self: Progress, record: EpochRecord | StepRecord) -> None:
        shown(self, record)
        is_step = isinstance(record, StepRecord) and record.step == 2
        if is_step and where.get(record.stage) == record.epoch:
            raise KeyboardInterrupt

    def set_(stage: str, epoch: int) -> None:
        where.clear()
        where[stage] = epoch

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Progress, "__call__", show)
        yield set_


def manifest_in(out: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((out / "manifest.json").read_text())
    return manifest


def results_in(out: Path) -> dict[str, Any]:
    """Return the results that do not depend on the clock."""
    results: dict[str, Any] = manifest_in(out)["results"]
    return {k: v for k, v in results.items() if "seconds" not in k and "latency" not in k}


def metrics_in(out: Path) -> list[dict[str, Any]]:
    lines = (out / "metrics.jsonl").read_text().splitlines()
    return [{**json.loads(line), "seconds": 0} for line in lines]


def assert_same(a: Path, b: Path) -> None:
    """Assert that two runs came to the same, to the bit."""
    names = [sorted(path.name for path in folder.iterdir()) for folder in (a, b)]
    assert names[0] == names[1]
    for name in ("architecture.nas", "model.safetensors", "model.onnx", "model.py"):
        assert (a / name).read_bytes() == (b / name).read_bytes(), name
    assert results_in(a) == results_in(b)
    assert metrics_in(a) == metrics_in(b)
