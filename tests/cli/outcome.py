"""Running a search from the command line, and what came of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from dslnas.cli.main import run
from dslnas.cli.render.progress import Progress
from dslnas.runs.folder import METRICS, REPORT, RunFolder, read_metrics
from dslnas.runs.manifest import MANIFEST, read_manifest
from dslnas.runs.pulse import PULSE
from dslnas.training.records import Line, StepRecord
from tests.exporters.brief import check_briefly
from tests.measurements import without_measurements

Interrupt: TypeAlias = Callable[[str, int], None]
"""Says where the next runs are interrupted: a stage, and an epoch of it, 0 for never."""


def search(spec: Path, out: Path, *arguments: str) -> int:
    return run(["compile", str(spec), "--search", "--out", str(out), *arguments])


def search_briefly(spec: Path, out: Path, *arguments: str) -> None:
    """Search for tests that share a run: their own brief checks of exports come after it."""
    with pytest.MonkeyPatch.context() as patch:
        check_briefly(patch)
        assert search(spec, out, *arguments) == 0


@contextmanager
def interrupting() -> Iterator[Interrupt]:
    """Interrupt runs inside of this in the second step of an epoch, where it is said."""
    where: dict[str, int] = {}
    shown = Progress.__call__

    def show(self: Progress, record: Line | StepRecord) -> None:
        shown(self, record)
        if not isinstance(record, StepRecord) or record.step != 2:
            return
        if where.get(record.stage) == record.epoch:
            raise KeyboardInterrupt

    def set_(stage: str, epoch: int) -> None:
        where.clear()
        where[stage] = epoch

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Progress, "__call__", show)
        yield set_


class Killed(BaseException):
    """The process is gone: nothing that follows is written."""


@contextmanager
def killed_before(out: Path, write: int) -> Iterator[list[str]]:
    """Kill a run inside of this before a write to its folder, counted from 0; yield the writes.

    Other files do not count: loops that are compiled for the first time write theirs to a cache.
    """
    writes: list[str] = []
    replace, add = os.replace, RunFolder.add_metrics

    def note(what: Path) -> None:
        if not what.is_relative_to(out) or what.name == PULSE:  # written by the clock
            return
        if 0 <= write <= len(writes):
            raise Killed
        writes.append(what.name)

    def replacing(source: Any, target: Any) -> None:
        note(Path(os.fsdecode(target)))
        replace(source, target)

    def adding(self: RunFolder, line: Any) -> None:
        note(out / "metrics.jsonl")
        add(self, line)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", replacing)
        patch.setattr(RunFolder, "add_metrics", adding)
        yield writes


def manifest_in(out: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((out / "manifest.json").read_text())
    return manifest


def assert_same(a: Path, b: Path) -> None:
    """Assert that two runs came to the same, to the bit; measurements may differ."""
    names = [sorted(path.name for path in folder.iterdir()) for folder in (a, b)]
    assert names[0] == names[1]
    for name in names[0]:
        if name not in (MANIFEST, METRICS, REPORT):
            assert (a / name).read_bytes() == (b / name).read_bytes(), name
    manifests = [without_measurements(read_manifest(folder)) for folder in (a, b)]
    assert manifests[0] == manifests[1]
    metrics = [[without_measurements(r) for r in read_metrics(folder)] for folder in (a, b)]
    assert metrics[0] == metrics[1]
