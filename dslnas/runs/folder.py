"""A run folder: manifest.json, spec.nas, metrics.jsonl, the architecture and the model.

Results are added as they come, so an interrupted run keeps what it had.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from os.path import exists, isdir
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from dslnas.diagnostics import user_error
from dslnas.files import cannot_write, make_folder, remove, remove_parts, sync, write_whole
from dslnas.json_model import json_text, parse_model, unread
from dslnas.regular import regular
from dslnas.runs.hold import is_held, is_passing
from dslnas.runs.manifest import MANIFEST, Manifest
from dslnas.training.records import EpochRecord, Line, SearchCheck

if TYPE_CHECKING:
    import numpy as np

    from dslnas.runs.checkpoint import Checkpoint
    from dslnas.training.search import SearchProgress
    from dslnas.training.training_state import Progress

SPEC = "spec.nas"
METRICS = "metrics.jsonl"
ARCHITECTURE = "architecture.nas"
ALPHAS = "alphas.safetensors"
REPORT = "report.html"

Stage: TypeAlias = Literal["search", "retrain"]
"""A loop of a run, as its metrics name it."""

CHECKPOINTS: Mapping[Stage, tuple[str, str]] = {
    "search": ("search.safetensors", "search-before.safetensors"),
    "retrain": ("checkpoint.safetensors", "checkpoint-before.safetensors"),
}
"""Files of the last checkpoint of a loop, and of the one before."""


class RunFolder:
    """The folder of one run, being written: its manifest as it is now, and every epoch so far."""

    def __init__(self, path: Path, manifest: Manifest, lines: Sequence[Line] = ()) -> None:
        self.path = path
        self.manifest = manifest
        self._lines = tuple(lines)
        self._known = self._stored()

    @property
    def metrics(self) -> tuple[EpochRecord, ...]:
        """Every epoch so far."""
        return tuple(line for line in self._lines if isinstance(line, EpochRecord))

    @property
    def is_made(self) -> bool:
        """Whether there is such a folder with the manifest of a run."""
        return exists(self.path / MANIFEST)

    @cached_property
    def search_checkpoint(self) -> Checkpoint[SearchProgress]:
        """The checkpoint of its search."""
        from dslnas.runs.checkpoint import search_checkpoint

        return search_checkpoint(self.path, self.manifest.spec_hash, self.manifest.seed)

    @cached_property
    def training_checkpoint(self) -> Checkpoint[Progress]:
        """The checkpoint of its training, whose architecture is there."""
        from dslnas.runs.checkpoint import training_checkpoint

        return training_checkpoint(self.path, self.manifest.spec_hash, self.manifest.seed)

    def check_unchanged(self) -> None:
        """Check that nobody wrote its manifest since this one read or wrote it.

        Raises:
            UserError: NAS022 if another run has begun there, NAS030 if another process was at it.
        """
        if self._stored() == self._known:
            return
        if self._known is None:
            check_empty(self.path, but=is_passing)
        raise user_error(
            "NAS030",
            "another process was at it since it was read",
            where=str(self.path),
            help="the same command with `--resume` goes on with what is there now (in Python "
            "`dslnas.load_run` reads it again)",
        )

    def _stored(self) -> bytes | None:
        """Return the manifest that is there now; None if there is none that can be read."""
        try:
            return regular(self.path / MANIFEST).read_bytes()
        except OSError:
            return None

    def make(self, spec: str) -> None:
        """Make the folder, with manifest and effective spec; raise NAS021 or NAS022 else.

        What a process was writing that was killed before there was a manifest goes.
        """
        check_empty(self.path, but=is_passing)
        make_folder(self.path)
        remove_parts(self.path)
        self.update()
        self.write(SPEC, spec)

    def write(self, name: str, content: str | bytes) -> None:
        """Write one file of the run, `name` below its folder."""
        path = self.path / name
        make_folder(path.parent)
        write_whole(path, content)

    def write_table(self, name: str, rows: Iterable[Iterable[str]]) -> None:
        """Write a table of the run as CSV."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        self.write(name, text.getvalue().encode(errors="surrogateescape"))

    @property
    def warnings(self) -> tuple[str, ...]:
        """All warnings of the metrics, each with its epoch."""
        return tuple(
            f"epoch {record.epoch}: {warning}"
            for record in self.metrics
            for warning in record.warnings
        )

    def keep_metrics(self, stage: Stage, epochs: int) -> None:
        """Forget the metrics of a loop after so many epochs: they will come again."""
        self._lines = tuple(line for line in self._lines if _stays(line, stage, epochs))
        self.write(METRICS, "".join(map(_text, self._lines)))

    def add_metrics(self, line: Line) -> None:
        """Add an epoch, or the check of a search, to the metrics."""
        self._lines = (*self._lines, line)
        try:
            with (self.path / METRICS).open("a", encoding="utf-8") as file:
                file.write(_text(line))
                sync(file)
        except OSError as error:
            raise cannot_write(self.path / METRICS, error) from None

    def update(self, **entries: object) -> None:
        """Set entries of the manifest."""
        self.manifest = self.manifest.updated(entries)
        text = json_text(self.manifest.model_dump())
        write_whole(self.path / MANIFEST, text)
        self._known = text.encode()

    def add_results(self, results: Mapping[str, object]) -> None:
        """Add entries to the results in the manifest."""
        self.update(results=self.manifest.results.updated(results))


def _stays(line: Line, stage: Stage, epochs: int) -> bool:
    """Whether a line is of another loop than `stage`, or of one of its first `epochs`."""
    if isinstance(line, SearchCheck):  # it comes after all epochs of a search
        return stage != "search"
    return line.stage != stage or line.epoch <= epochs


def _text(line: Line) -> str:
    return json.dumps(line.as_json()) + "\n"


def _model_of(line: bytes) -> type[EpochRecord] | type[SearchCheck]:
    return SearchCheck if line.startswith(b'{"stage": "check"') else EpochRecord


def read_metrics(run: Path) -> tuple[Line, ...]:
    """Return the metrics of a run but a last line cut short; raise NAS027 if they are damaged."""
    return tuple(metric_lines(run))


def metric_lines(run: Path) -> Iterator[Line]:
    """Yield the metrics of a run but a last line cut short; raise NAS027 at one that is damaged."""
    path = run / METRICS
    try:
        lines = regular(path).read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return
    except OSError as error:
        raise unread(path, error) from None
    for number, line in enumerate(lines, 1):
        yield parse_model(_model_of(line), line, f"{path}:{number}")


def is_searched(path: Path) -> bool:
    """Whether the architecture of a run is there."""
    return exists(path / ARCHITECTURE)


def has_checkpoint(path: Path) -> bool:
    """Whether a run is stored amid the loop that it is in: its search, or its training."""
    names = CHECKPOINTS["retrain" if is_searched(path) else "search"]
    return any(exists(path / name) for name in names)


def remove_checkpoints(path: Path, stage: Stage) -> None:
    """Remove the checkpoints of a loop that is over."""
    for name in CHECKPOINTS[stage]:
        remove(path / name)


def write_tensors(
    path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None
) -> None:
    """Write named arrays as a safetensors file, with texts in its header if there are any."""
    import numpy as np
    from safetensors.numpy import save

    whole = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
    write_whole(path, save(whole, None if metadata is None else dict(metadata)))


def is_begun(path: Path) -> bool:
    """Whether a folder has more in it than what a process was writing that was killed."""
    return exists(path) and not (isdir(path) and all(map(is_passing, path.iterdir())))


def check_empty(path: Path, but: Callable[[Path], bool] = lambda _: False) -> None:
    """Raise NAS022 if a folder has something in it that a run would mix with, `but` for some."""
    if isdir(path) and not all(map(but, path.iterdir())):
        is_run = exists(path / MANIFEST)
        goes_on = "go on with its run by `--resume` (in Python `resume=True`), " if is_run else ""
        raise user_error(
            "NAS022",
            "folder is not empty",
            where=str(path),
            help=f"{goes_on}choose another with `--out DIR` (in Python `out='DIR'`), or remove it",
        )


def free_folder(parent: Path, name: str) -> Path:
    """Return a folder `name`, `name-2`, ... below `parent` that nobody has taken yet."""
    path, number = parent / name, 1
    while exists(path) or is_held(path):
        number += 1
        path = parent / f"{name}-{number}"
    return path
