"""Going on with a run that was interrupted.

A run leaves what it had: the architecture once its search is over, and a checkpoint after every
epoch of its training. What is missing is done again from its beginning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import ndiff
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from dslnas.diagnostics import user_error
from dslnas.runs.folder import ARCHITECTURE, MANIFEST, METRICS, SPEC, RunFolder

SAME = ("spec_hash", "method", "seed", "device", "passes", "compiled", "precision")
"""Entries of the manifest in which a run must be the one that is gone on with."""


class _Before(BaseModel):
    """What is read of the manifest that is there."""

    model_config = ConfigDict(extra="allow")

    status: str
    spec_hash: str
    method: str | None
    seed: int
    device: str
    passes: list[str]
    compiled: bool
    precision: str
    results: dict[str, object]


def reopen(path: Path, manifest: Mapping[str, object], spec: str) -> RunFolder:
    """Return the folder of an earlier run, as that run left it.

    Args:
        path: Its folder.
        manifest: The one that this run would begin with.
        spec: Effective text of this run's spec.

    Raises:
        UserError: NAS023 if there is no run, NAS026 if it is not the same.
    """
    before = _read(path)
    for key in SAME:
        was, is_ = getattr(before, key), manifest[key]
        if was != is_:
            what = _changed_line(path, spec) if key == "spec_hash" else ""
            found = what or f"its {key} is `{_shown(was)}`, not `{_shown(is_)}`"
            raise user_error(
                "NAS026",
                f"is of another run: {found}",
                where=str(path),
                help="give the spec and the options of the run that is there, such as `--set`, "
                "`--seed` and `--device`, or another `--out`",
            )
    if before.status == "finished":
        return RunFolder(path, before.model_dump())
    if is_searched(path):
        return RunFolder(path, {**before.model_dump(), "status": "running"})
    (path / METRICS).unlink(missing_ok=True)
    return RunFolder(path, manifest)


def _shown(value: object) -> str:
    return ", ".join(value) or "none" if isinstance(value, list) else str(value)


def is_searched(path: Path) -> bool:
    """Whether the architecture of a run is there."""
    return (path / ARCHITECTURE).exists()


def _read(path: Path) -> _Before:
    try:
        content = json.loads((path / MANIFEST).read_bytes())
        return _Before.model_validate(content)
    except (OSError, ValueError, ValidationError):
        raise user_error(
            "NAS023",
            f"is no run to go on with: it has no readable {MANIFEST}",
            where=str(path),
            help="leave out `--resume` to begin one",
        ) from None


def _changed_line(path: Path, spec: str) -> str:
    """Return in words the first line of the spec that is another one; "" if none is known."""
    try:
        before = (path / SPEC).read_text(encoding="utf-8")
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
