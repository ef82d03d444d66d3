"""Runs to pages that people look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os.path import exists
from pathlib import Path

from dslnas.app.compiled import CompiledSpace
from dslnas.app.run import Listener, Notice, Run, silent
from dslnas.diagnostics import UserError, command
from dslnas.report.choices import Choices, choices_of
from dslnas.report.comparison import Comparison, compare_runs
from dslnas.report.page import write_comparison, write_page
from dslnas.report.reading import RunRecord, read_run
from dslnas.report.view import report_of
from dslnas.runs.folder import REPORT, SPEC, RunFolder, is_searched
from dslnas.space.architecture import Architecture
from dslnas.space.search_space import SearchSpace


def write_report(
    run: Run | Path | str, out: Path | str | None = None, *, report: Listener = silent
) -> Path:
    """Write the report on a run, at whatever stage it is, and return its place.

    A file of the run that is damaged is left out, as the page says.

    Args:
        run: The run, or its folder.
        out: The file to write; by default `report.html` in the folder.
        report: Gets a notice on every file that is left out.

    Raises:
        UserError: NAS023 if the folder is none of a run, NAS027 if its manifest is damaged, NAS021
            if the page cannot be written.
    """
    record = read_run(run.path if isinstance(run, Run) else Path(run))
    path = record.path / REPORT if out is None else Path(out)
    write_page(report_of(record, _space(record), _architecture(record)), path)
    _tell([record], report)
    return path


def choices_in(record: RunRecord) -> Choices | None:
    """Return the choices of a run's search with their scores; None where nothing tells them."""
    space = _space(record)
    return None if space is None else choices_of(record, space)


def compare(
    runs: Sequence[Path | str], out: Path | str | None = None, *, report: Listener = silent
) -> Comparison:
    """Return runs side by side, and write them as a page if a file is given.

    Args:
        runs: Folders of two runs at least.
        out: The file to write.
        report: Gets a notice on every file that is damaged and left out.

    Raises:
        UserError: As `write_report`.
    """
    records = [read_run(Path(run)) for run in runs]
    found = list(map(_architecture, records)) if out is not None else ()
    comparison = compare_runs(records, found)
    if out is not None:
        write_comparison(comparison, Path(out))
    _tell(records, report)
    return comparison


def report_if_missing(path: Path, report: Listener) -> None:
    """Write the report on a finished run that has none: it was killed, or had no room for it."""
    if not exists(path / REPORT):
        report_at_the_end(path, report)


def report_at_the_end(path: Path, report: Listener) -> None:
    """Write the report on a run that is over; where that fails the run has not failed."""
    try:
        write_report(path, report=report)
    except Exception as error:
        told = error.diagnostics[0].message if isinstance(error, UserError) else repr(error)
        again = command("report", path)
        report(Notice(f"The report could not be written ({told}); `{again}` tries again"))


def _space(record: RunRecord) -> SearchSpace | None:
    """Return the space that a run searches, if it searches one."""
    with record.leaving_out():
        spec = _opened(record).spec if exists(record.path / SPEC) else None
        return spec.space if isinstance(spec, CompiledSpace) else None
    return None


def _architecture(record: RunRecord) -> Architecture | None:
    """Return the architecture of a run, if it has one already."""
    with record.leaving_out():
        return _opened(record).architecture if is_searched(record.path) else None
    return None


def _opened(record: RunRecord) -> Run:
    return Run(RunFolder(record.path, record.manifest))


def _tell(records: Iterable[RunRecord], report: Listener) -> None:
    """Tell which files are damaged."""
    for record in records:
        for line in record.left_out:
            report(Notice(line))
