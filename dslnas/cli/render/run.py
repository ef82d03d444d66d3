"""A run for people to look at: how far it is, its results, and what its search chose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dslnas.app.report import choices_in
from dslnas.app.status import status_in
from dslnas.cli.render.report import report_text
from dslnas.cli.render.status import statuses_text
from dslnas.cli.render.tables import aligned
from dslnas.report.choices import Choices, CloseCall
from dslnas.report.reading import read_run


def run_text(folder: Path) -> str:
    """Return what a run came to so far, its choices with their scores last, the closest first.

    Raises:
        UserError: NAS023 if the folder is none of a run, NAS027 if its manifest is damaged.
    """
    run = read_run(folder)
    if run.manifest.results.is_trained:
        parts = [report_text(run).lstrip("\n")]
    else:
        parts = [statuses_text([status_in(run)])]
    told = len(run.left_out) if not run.manifest.results.is_trained else 0
    choices = choices_in(run)
    if choices is not None:
        parts.append("\n".join(_choices(choices)))
    if run.left_out[told:]:
        parts.append("\n".join(run.left_out[told:]))
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
