"""Runs that go on elsewhere, all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dslnas.app.run import Notice
from dslnas.app.status import RunStatus, status_of
from dslnas.diagnostics import UserError


@dataclass(frozen=True)
class Overview(Notice):
    """How far runs are: a line on all, and those that are under way."""

    runs: tuple[RunStatus, ...]


def overview_of(paths: Sequence[Path], number: int) -> Overview:
    """Return how far the runs are that have not ended, of so many; some may not have begun."""
    found = []
    for path in paths:
        try:
            found.append(status_of(path))
        except UserError:  # it has no folder yet
            continue
    under_way = tuple(status for status in found if status.is_running)
    ended = number - len(paths)
    return Overview(f"{ended} of {number} runs ended, {len(under_way)} under way", under_way)
