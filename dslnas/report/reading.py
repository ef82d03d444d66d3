"""All that a run left in its folder, read at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dslnas.json_model import damaged
from dslnas.runs.architecture import Cells, cells_of, network_of
from dslnas.runs.folder import SPEC, read_metrics
from dslnas.runs.manifest import Manifest, read_run_manifest
from dslnas.tasks.catalogue import task_of
from dslnas.tasks.mistakes import Mistake
from dslnas.tasks.task import Task
from dslnas.training.records import EpochRecord, Line, SearchCheck

HELP = "give the folder of a run"


@dataclass(frozen=True)
class RunRecord:
    """A run as it lies in its folder.

    Attributes:
        path: Its folder.
        manifest: Its manifest.
        lines: All lines of its metrics.
        spec: Text of its effective spec; "" if that is missing.
        cells: The cells that were found, as text; none before the search is over.
        network: Choices around them.
        mistakes: Mistakes of the trained network on the test part, the worst first.
    """

    path: Path
    manifest: Manifest
    lines: tuple[Line, ...]
    spec: str
    cells: Cells
    network: Mapping[str, str]
    mistakes: Sequence[Mistake]

    @property
    def task(self) -> Task:
        """Its task."""
        return task_of(self.manifest.settings.data)

    def epochs(self, stage: str) -> tuple[tuple[int, EpochRecord], ...]:
        """Return the epochs of a stage, each with the number of its line."""
        return tuple(
            (number, line)
            for number, line in enumerate(self.lines)
            if isinstance(line, EpochRecord) and line.stage == stage
        )

    @property
    def check(self) -> tuple[int, SearchCheck] | None:
        """The search beside random architectures, with the number of its line."""
        for number, line in enumerate(self.lines):
            if isinstance(line, SearchCheck):
                return number, line
        return None


def read_run(path: Path) -> RunRecord:
    """Read a run, at whatever stage it is.

    Raises:
        UserError: NAS023 if the folder is none of a run, NAS027 if a file of it is damaged, NAS0xx
            and NAS1xx for an architecture that cannot be read.
    """
    manifest = read_run_manifest(path, HELP)
    return RunRecord(
        path,
        manifest,
        read_metrics(path),
        _text(path / SPEC),
        cells_of(path),
        network_of(path),
        _mistakes(path, task_of(manifest.settings.data)),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeError):
        raise damaged({"": "cannot be read as text"}, str(path)) from None


def _mistakes(path: Path, task: Task) -> Sequence[Mistake]:
    """Return the mistakes that the tables of a run tell; raise NAS027 if one is damaged."""
    found: list[Mistake] = []
    for name in task.files:
        rows = _table(path / name) if name.endswith(".csv") else ()
        if not rows:
            continue
        try:
            found += task.mistakes({name: rows})
        except (LookupError, ValueError) as error:
            raise damaged({"": str(error)}, str(path / name)) from None
    return found


def _table(path: Path) -> Sequence[Sequence[str]]:
    """Return the rows of a table, none if it is missing; raise NAS027 if it is damaged."""
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return ()
    except OSError:
        raise damaged({"": "cannot be read"}, str(path)) from None
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise damaged({"": str(error)}, str(path)) from None
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            why = f"row {number} has {len(row)} columns, the first {len(rows[0])}"
            raise damaged({"": why}, str(path))
    return rows
