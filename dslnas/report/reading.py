"""Files that a run left in its folder, read when they are asked for; damaged ones are left out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from os.path import exists
from pathlib import Path

from dslnas.diagnostics import UserError
from dslnas.json_model import damaged, unread
from dslnas.regular import regular
from dslnas.runs.architecture import Cells, cells_of, network_of
from dslnas.runs.folder import METRICS, SPEC, metric_lines
from dslnas.runs.hold import is_held
from dslnas.runs.manifest import Manifest, read_run_manifest
from dslnas.runs.pulse import Pulse, read_pulse
from dslnas.runs.state import state_of
from dslnas.tasks.catalogue import task_of
from dslnas.tasks.mistakes import PICTURES, Mistake, pictures_by_row
from dslnas.tasks.task import Task
from dslnas.training.records import EpochRecord, Line, SearchCheck

HELP = "give the folder of a run"


class RunRecord:
    """A run as it lies in its folder.

    Its manifest is there; every other file is read when it is first asked for. One that is damaged
    is as good as missing, and `left_out` says so.

    Attributes:
        path: Its folder.
        manifest: Its manifest.
    """

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self._left_out: list[str] = []

    @property
    def left_out(self) -> tuple[str, ...]:
        """A line for every file asked for so far that is damaged: its place, and what is wrong."""
        return tuple(dict.fromkeys(self._left_out))

    @contextmanager
    def leaving_out(self) -> Iterator[None]:
        """Go on after what is inside if a file is damaged, and note that."""
        try:
            yield
        except UserError as error:
            self._left_out.append(f"left out: {error.diagnostics[0].line}")

    @property
    def task(self) -> Task:
        """Its task."""
        return task_of(self.manifest.settings.data)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """All lines of its metrics, up to one that is damaged."""
        found: list[Line] = []
        with self.leaving_out():
            for line in metric_lines(self.path):
                found.append(line)
            if self.manifest.status != "running":  # else somebody is writing it
                _check_end(self.path / METRICS)
        return tuple(found)

    @cached_property
    def pulse(self) -> Pulse | None:
        """Its last beat; None once it is over."""
        with self.leaving_out():
            return read_pulse(self.path)
        return None

    @cached_property
    def state(self) -> str:
        """Its status, but `lost` if its process is gone."""
        return state_of(self.manifest, self.pulse, is_held(self.path))

    @cached_property
    def spec(self) -> str:
        """Text of its effective spec; "" if that is missing."""
        with self.leaving_out():
            return _text(self.path / SPEC)
        return ""

    @cached_property
    def cells(self) -> Cells:
        """The cells that were found, as text; none before the search is over."""
        with self.leaving_out():
            return cells_of(self.path)
        return {}

    @cached_property
    def network(self) -> Mapping[str, str]:
        """Choices around them."""
        with self.leaving_out():
            return network_of(self.path)
        return {}

    @cached_property
    def mistakes(self) -> Sequence[Mistake]:
        """Mistakes of the trained network on the test part, the worst first."""
        with self.leaving_out():
            return _mistakes(self.path, self.task)
        return ()

    @cached_property
    def pictures(self) -> Mapping[int, bytes]:
        """Pictures of them as PNG, by the rows of the predictions."""
        with self.leaving_out():
            return _pictures(self.path / PICTURES)
        return {}

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
        UserError: NAS023 if the folder is none of a run, NAS027 if its manifest is damaged.
    """
    return RunRecord(path, read_run_manifest(path, HELP))


def _text(path: Path) -> str:
    try:
        return regular(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise unread(path, error) from None
    except UnicodeError:
        raise damaged({"": "cannot be read as text"}, str(path)) from None


def _check_end(path: Path) -> None:
    """Raise NAS027 if the last line of a file is cut short."""
    if exists(path) and not regular(path).read_bytes().endswith(b"\n"):
        raise damaged({"": "its last line is cut short"}, str(path))


def _pictures(path: Path) -> Mapping[int, bytes]:
    try:
        return pictures_by_row(regular(path).read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise unread(path, error) from None
    except ValueError:
        raise damaged({"": "not the pictures of a run"}, str(path)) from None


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
        text = regular(path).read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise unread(path, error) from None
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise damaged({"": str(error)}, str(path)) from None
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            why = f"row {number} has {len(row)} columns, the first {len(rows[0])}"
            raise damaged({"": why}, str(path))
    return rows
