"""Runs to pages that people look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dslnas.app.compile import CompiledSpace
from dslnas.app.open_run import load_run
from dslnas.app.run import Notice, Run
from dslnas.diagnostics import UserError, command
from dslnas.report.choices import Choices, choices_of
from dslnas.report.comparison import Comparison, compare_runs
from dslnas.report.page import write_comparison, write_page
from dslnas.report.reading import read_run
from dslnas.report.view import report_of
from dslnas.runs.folder import REPORT, SPEC, is_searched
from dslnas.space.architecture import Architecture
from dslnas.space.search_space import SearchSpace


def write_report(run: Run | Path | str, out: Path | str | None = None) -> Path:
    """Write the report on a run, at whatever stage it is, and return its place.

    Args:
        run: The run, or its folder.
        out: The file to write; by default `report.html` in the folder.

    Raises:
        UserError: NAS023 if the folder is none of a run, NAS027 if a file of it is damaged, NAS021
            if the page cannot be written, and mistakes of a spec that cannot be read any more.
    """
    folder = run.path if isinstance(run, Run) else Path(run)
    record = read_run(folder)
    run = run if isinstance(run, Run) else load_run(folder)
    path = folder / REPORT if out is None else Path(out)
    write_page(record, report_of(record, _space(run), _architecture(run)), path)
    return path


def choices_in(folder: Path) -> Choices | None:
    """Return the choices of a run's search with their scores; None where nothing tells them.

    Raises:
        UserError: As `write_report`.
    """
    space = _space(load_run(folder))
    return None if space is None else choices_of(read_run(folder), space)


def compare(runs: Sequence[Path | str], out: Path | str | None = None) -> Comparison:
    """Return runs side by side, and write them as a page if a file is given.

    Args:
        runs: Folders of two runs at least.
        out: The file to write.

    Raises:
        UserError: As `write_report`.
    """
    records = [read_run(Path(run)) for run in runs]
    found = [_architecture(load_run(run)) for run in runs] if out is not None else ()
    comparison = compare_runs(records, found)
    if out is not None:
        write_comparison(comparison, Path(out))
    return comparison


def report_at_the_end(run: Run) -> None:
    """Write the report on a run that is over; where that fails the run has not failed."""
    try:
        write_report(run)
    except Exception as error:
        told = error.diagnostics[0].message if isinstance(error, UserError) else repr(error)
        again = command("report", run.path)
        run.report(Notice(f"The report could not be written ({told}); `{again}` tries again"))


def _space(run: Run) -> SearchSpace | None:
    """Return the space that a run searches, if it searches one."""
    spec = run.spec if (run.path / SPEC).exists() else None
    return spec.space if isinstance(spec, CompiledSpace) else None


def _architecture(run: Run) -> Architecture | None:
    """Return the architecture of a run, if it has one already."""
    return run.architecture if is_searched(run.path) else None
