"""A run for people to look at: how far it is, its results, and what its search chose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dslnas.app.report import choices_in
from dslnas.app.status import status_of
from dslnas.cli.render.report import report_text
from dslnas.cli.render.status import statuses_text
from dslnas.cli.render.tables import aligned
from dslnas.report.choices import Choices, CloseCall
from dslnas.runs.manifest import read_run_manifest


def run_text(folder: Path) -> str:
    """Return what a run came to so far, its choices with their scores last, the closest first."""
    manifest = read_run_manifest(folder)
    if manifest.results.is_trained:
        parts = [report_text(folder, manifest).lstrip("\n")]
    else:
        parts = [statuses_text([status_of(folder)])]
    choices = choices_in(folder)
    if choices is not None:
        parts.append("\n".join(_choices(choices)))
    return "\n\n".join(parts)


def _choices(choices: Choices) -> Iterator[str]:
    yield f"Choices after epoch {choices.epoch}, the closest first:"
    heads = ("", "edge or choice", "best", "score", "second", "score", "margin", "kept")
    rows = [heads, *map(_row, choices.close)]
    yield from aligned(rows, left=("", "edge or choice", "best", "second", "kept"))


def _row(call: CloseCall) -> tuple[str, ...]:
    (best, score), (second, behind) = call.best, call.second
    kept = "yes" if call.is_kept else "no"
    return (
        call.table, call.name, best, score.text, second, behind.text, call.margin.text, kept
    )  # fmt: skip
