"""A run to a page that people look at."""

from __future__ import annotations

from pathlib import Path

from dslnas.app.compile import CompiledSpace, compile_spec
from dslnas.app.run import Notice, Run
from dslnas.diagnostics import UserError, command
from dslnas.report.page import PAGE, write_page
from dslnas.report.reading import read_run
from dslnas.report.view import report_of
from dslnas.runs.folder import ARCHITECTURE, SPEC
from dslnas.space.architecture import Architecture
from dslnas.space.search_space import SearchSpace


def report(run: Path | str, out: Path | str | None = None) -> Path:
    """Write the report on a run, at whatever stage it is, and return its place.

    Args:
        run: Folder of the run.
        out: The file to write; by default `report.html` in the folder.

    Raises:
        UserError: NAS023 if the folder is none of a run, NAS027 if a file of it is damaged, NAS021
            if the page cannot be written.
    """
    folder = Path(run)
    path = folder / PAGE if out is None else Path(out)
    record = read_run(folder)
    write_page(record, report_of(record, _space(folder), _architecture(folder)), path)
    return path


def report_at_the_end(run: Run) -> None:
    """Write the report on a run that is over; where that fails the run has not failed."""
    try:
        report(run.path)
    except Exception as error:
        told = error.diagnostics[0].message if isinstance(error, UserError) else repr(error)
        again = command("report", run.path)
        run.report(Notice(f"The report could not be written ({told}); `{again}` tries again"))


def _space(folder: Path) -> SearchSpace | None:
    """Return the space that a run searches, if its spec has one and can still be read."""
    spec = folder / SPEC
    compiled = compile_spec(spec, with_data=False) if spec.exists() else None
    return compiled.space if isinstance(compiled, CompiledSpace) else None


def _architecture(folder: Path) -> Architecture | None:
    """Return the architecture of a run, if it has one already."""
    path = folder / ARCHITECTURE
    compiled = compile_spec(path, with_data=False) if path.exists() else None
    return (
        None if compiled is None or isinstance(compiled, CompiledSpace) else compiled.architecture
    )
