"""Going on with a run that was interrupted.

A run leaves what it had: the architecture once its search is over, and checkpoints of its search
and of its training. What is missing is done again from there.
"""

from __future__ import annotations

from difflib import ndiff
from pathlib import Path

from dslnas.diagnostics import user_error
from dslnas.files import remove, remove_parts
from dslnas.regular import regular
from dslnas.runs.folder import (
    METRICS,
    SPEC,
    RunFolder,
    has_checkpoint,
    is_searched,
    read_metrics,
)
from dslnas.runs.manifest import Manifest

SAME = ("spec_hash", "method", "seed", "device", "passes", "execution", "precision", "batch_norm")
"""Entries of the manifest in which a run must be the one that is gone on with."""


def reopen(path: Path, before: Manifest, manifest: Manifest, spec: str) -> RunFolder:
    """Return the folder of an earlier run with its manifest `before`, as that run left it.

    Everything that will be read is checked before anything is written.

    Raises:
        UserError: NAS026 if `manifest` would begin another run, NAS027 if a file is damaged.
    """
    for key in SAME:
        was, is_ = getattr(before, key), getattr(manifest, key)
        if was != is_:
            what = _changed_line(path, spec) if key == "spec_hash" else ""
            found = what or f"its {key} is `{_shown(was)}`, not `{_shown(is_)}`"
            raise user_error(
                "NAS026",
                f"is of another run: {found}",
                where=str(path),
                help="give the spec, the seed and the options of the run that is there, or another "
                "folder",
            )
    folder = RunFolder(path, before, read_metrics(path))
    if before.status == "finished":
        remove_parts(path)
        return folder
    settings = before.settings
    if is_searched(path):
        folder.training_checkpoint.check(folder.metrics, settings.evaluate.epochs)
    elif settings.search is not None and has_checkpoint(path):
        folder.search_checkpoint.check(folder.metrics, settings.search.epochs)
    else:
        return _begun_again(path, manifest.updated({"chosen": before.chosen}), spec)
    remove_parts(path)
    folder.update(status="running")
    return folder


def _begun_again(path: Path, manifest: Manifest, spec: str) -> RunFolder:
    """Return the folder of a run of which no epoch is stored."""
    remove_parts(path)
    remove(path / METRICS)
    folder = RunFolder(path, manifest)
    folder.update()
    folder.write(SPEC, spec)
    return folder


def _shown(value: object) -> str:
    return ", ".join(value) or "none" if isinstance(value, tuple) else str(value)


def _changed_line(path: Path, spec: str) -> str:
    """Return in words the first line of the spec that is another one; "" if none is known."""
    try:
        before = regular(path / SPEC).read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return ""
    changes = list(ndiff(before.splitlines(), spec.splitlines()))
    was, is_ = (
        next((" ".join(line[2:].split()) for line in changes if line.startswith(mark)), None)
        for mark in ("- ", "+ ")
    )
    match was, is_:
        case None, None:
            return ""
        case None, _:
            return f"its spec has no line `{is_}`"
        case _, None:
            return f"its spec has a line `{was}`"
    return f"its spec says `{was}`, not `{is_}`"
