"""The folder of a command, held against that of one that nobody killed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from dslnas.diagnostics import UserError
from dslnas.files import PART
from dslnas.runs.folder import (
    ARCHITECTURE,
    CHECKPOINTS,
    METRICS,
    REPORT,
    has_checkpoint,
    is_searched,
    read_metrics,
)
from dslnas.runs.hold import MARK
from dslnas.runs.manifest import MANIFEST, SUMMARY, read_manifest
from dslnas.runs.pulse import PULSE
from dslnas.runs.sweep_table import SWEEP
from tests.measurements import without_measurements

PASSING = {PULSE, *(name for names in CHECKPOINTS.values() for name in names)}
"""Files of a run that are there only while it runs."""

CACHE = "cache"
"""Folder that processes take for the user's cache."""

OURS = f"{CACHE}/dslnas"
"""The part of it that is the program's."""

_TIME = re.compile(r"seconds|latency")


def files_in(folder: Path) -> dict[str, Path]:
    """Return the files below a folder, by their names there; the cache is for others, too."""
    found = {path.relative_to(folder): path for path in sorted(folder.rglob("*"))}
    return {
        name.as_posix(): path
        for name, path in found.items()
        if path.is_file() and (name.parts[0] != CACHE or name.is_relative_to(OURS))
    }


def content(path: Path) -> object:
    """Return what two files have in common that say the same: all but measurements.

    Raises:
        UserError: A file of a run is damaged.
        ValueError: A table is.
    """
    match path.name:
        case name if name == MANIFEST:
            return without_measurements(read_manifest(path.parent))
        case name if name == METRICS:
            return [without_measurements(line) for line in read_metrics(path.parent)]
        case name if name in (SUMMARY, SWEEP):
            return _without_times(json.loads(path.read_bytes()))
        case name if name == REPORT:  # it shows times, and drawings of them
            return path.read_text(encoding="utf-8").rstrip().endswith("</html>")
        case _:
            return path.read_bytes()


def _without_times(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_times(one) for k, one in value.items() if not _TIME.search(k)}
    return [*map(_without_times, value)] if isinstance(value, list) else value


def differences(ours: Path, whole: Path) -> Iterator[str]:
    """Yield how a folder differs from that of a command that nobody killed."""
    found, wanted = files_in(ours), files_in(whole)
    yield from (f"{name} is left behind" for name in found.keys() - wanted.keys())
    yield from (f"{name} is missing" for name in wanted.keys() - found.keys())
    for name in sorted(found.keys() & wanted.keys()):
        if content(found[name]) != content(wanted[name]):
            yield f"{name} differs"


def harm(ours: Path, before: dict[str, bytes], whole: Path) -> Iterator[str]:
    """Yield what is not as it should be in a folder whose command was killed.

    Args:
        ours: The folder.
        before: Content of its files before the command began.
        whole: The same folder after a command that nobody killed.
    """
    found, wanted = files_in(ours), files_in(whole)
    for name, path in found.items():
        if name not in wanted or path.name == METRICS:  # its last line may be half
            continue
        try:
            is_other = content(path) != content(wanted[name])
        except (UserError, ValueError) as error:
            yield f"{name} is damaged: {error}"
            continue
        may_differ = (
            path.name in (MANIFEST, SUMMARY, SWEEP) or before.get(name) == path.read_bytes()
        )
        if is_other and not may_differ:
            yield f"{name} is neither what it was nor what it will be"
    for name in before.keys() & wanted.keys():
        if name not in found and Path(name).name != METRICS:
            yield f"{name} is lost"
    for name in before:
        run = (ours / name).parent
        if Path(name).name in PASSING - {PULSE} and not (has_checkpoint(run) or is_searched(run)):
            yield f"{name} is lost, and no other checkpoint is there"


def left_over(folder: Path) -> Iterator[str]:
    """Yield files of processes that are gone, which mean nothing: parts and locks."""
    for path in sorted(folder.rglob(".*")):
        if path.name.endswith((PART, MARK)):
            yield f"{path.relative_to(folder)} is left behind"


def stage_of(folder: Path) -> str:
    """Return how far the last run below a folder is that is not finished."""
    manifests = sorted(folder.rglob(MANIFEST), key=lambda path: path.stat().st_mtime)
    if not manifests:
        return "before"
    run = manifests[-1].parent
    try:
        manifest = read_manifest(run)
    except UserError:
        return "before"
    if manifest.status == "finished":
        return "after"
    if manifest.results.is_trained:
        return "export"
    return "training" if (run / ARCHITECTURE).exists() else "search"
