"""Metrics of runs as events of TensorBoard, by the extra `tensorboard`."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os.path import exists, isdir, realpath
from pathlib import Path
from typing import Any

from dslnas.diagnostics import UserError, user_error
from dslnas.files import make_folder
from dslnas.runs.architecture import Cells, cells_of
from dslnas.runs.folder import METRICS, is_searched, read_metrics
from dslnas.training.records import EpochRecord, Line

MARK = "written-by-dslnas"
"""Name of a file in every folder of events: only such folders are ever emptied."""


class Mirror:
    """Events of one run, which follow its metrics.

    Attributes:
        run: Folder of the run.
        folder: Folder of its events.
    """

    def __init__(self, run: Path, folder: Path) -> None:
        """Begin anew in a folder of its own; what was written before is removed.

        Raises:
            UserError: NAS028 if the extra is not installed, NAS022 if there is something else.
        """
        self.run, self.folder = run, folder
        self._make = _writer_class()
        self._lines: tuple[Line, ...] | None = None
        self._files = 0
        self._tells_cells = False

    def follow(self) -> int:
        """Write what the metrics have more than before, and return how many epochs there are.

        A run that goes on from a checkpoint may have fewer: its events begin anew.

        Raises:
            UserError: NAS027 if the metrics are damaged, NAS021 if nothing can be written.
        """
        lines = read_metrics(self.run)
        if self._lines is None or lines[: len(self._lines)] != self._lines:
            _empty(self.folder)
            self._lines, self._tells_cells = (), False
        new, self._lines = lines[len(self._lines) :], lines
        has_cells = is_searched(self.run) and not self._tells_cells
        if new or has_cells:
            self._write(new, cells_of(self.run) if has_cells else {})
            self._tells_cells |= has_cells
        return sum(isinstance(line, EpochRecord) for line in lines)

    def _write(self, lines: Sequence[Line], cells: Cells) -> None:
        """Write one file; only one that is closed is sure to hold all that was given."""
        self._files += 1
        with self._make(str(self.folder), filename_suffix=f".{self._files}") as writer:
            for line in lines:
                if isinstance(line, EpochRecord):
                    for tag, value in scalars(line):
                        writer.add_scalar(tag, value, line.epoch, self._time(line))
            for name, nodes in cells.items():
                lines_of_cell = (f"    {node} = {terms}" for node, terms in nodes.items())
                writer.add_text(f"cells/{name}", "\n".join(lines_of_cell))

    def _time(self, line: EpochRecord) -> float:
        """Return about when an epoch ended: the file is as old as its last line."""
        own = [one for one in self._lines or () if isinstance(one, EpochRecord)]
        last = [one.seconds for one in own if one.stage == line.stage][-1]
        return (self.run / METRICS).stat().st_mtime - (last - line.seconds)


def mirrors(runs: Iterable[Path], logs: Path) -> list[Mirror]:
    """Return a mirror of every run, once, in folders below `logs` that are called as the runs are.

    Runs of the same name, such as the seeds of several specs, have folders above them there, too.

    Raises:
        UserError: NAS028 if the extra is not installed.
    """
    places = {Path(realpath(run)): run for run in runs}
    names = [place.relative_to(place.anchor).parts for place in places]
    depth = 1
    while len({name[-depth:] for name in names}) < len(names):
        depth += 1
    folders = (logs.joinpath(*name[-depth:]) for name in names)
    return [Mirror(run, folder) for run, folder in zip(places.values(), folders, strict=True)]


def scalars(record: EpochRecord) -> Iterator[tuple[str, float]]:
    """Yield the numbers of an epoch with their tags, such as `search/validation_accuracy`."""
    for name, value in record.as_json().items():
        if isinstance(value, float):
            yield f"{record.stage}/{name}", value
        elif isinstance(value, Mapping):
            for cell, number in value.items():
                if isinstance(number, float):
                    yield f"{record.stage}/{name}/{cell}", number


def _empty(folder: Path) -> None:
    """Make a folder for events, in which older ones of ours are no more."""
    if isdir(folder) and any(folder.iterdir()):
        if not exists(folder / MARK):
            help = "name another folder with `--out`"
            raise user_error("NAS022", "folder is not empty", where=str(folder), help=help)
        shutil.rmtree(folder)
    make_folder(folder)
    (folder / MARK).touch()


def _writer_class() -> type[Any]:
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        raise missing() from None
    writer: type[Any] = SummaryWriter
    return writer


def missing() -> UserError:
    """Return the error for an installation without the extra."""
    help = "install it: `pip install 'dslnas[tensorboard]'`"
    return user_error("NAS028", "events of TensorBoard need tensorboardX", help=help)
