"""How far runs are, how well they do, and how long they still take, read from their folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os.path import exists, isdir
from pathlib import Path

from dslnas.absence import absence
from dslnas.app.open_run import EXPORTED
from dslnas.diagnostics import user_error
from dslnas.json_model import JsonModel
from dslnas.report.reading import RunRecord, read_run
from dslnas.runs.command import resuming
from dslnas.runs.folder import is_searched
from dslnas.runs.manifest import MANIFEST, Manifest, runs_in
from dslnas.runs.pulse import Pulse
from dslnas.training.records import EpochRecord


class Place(JsonModel):
    """Place of a run in its search or its training.

    Attributes:
        stage: Loop that it is in or ended in, `search` or `retrain`, or what comes between epochs.
        epoch: Epoch that is under way, or the last one that is over; 0 before there is one.
        epochs: How many there are.
        step: Step of the epoch that is over last; null where none is under way.
        steps: Steps of an epoch; null where none is under way.
        done: Share of the stage that is over.
        seconds_left: Time to the end of the stage; null where nothing is under way or known.
    """

    stage: str
    epoch: int
    epochs: int
    step: int | None = None
    steps: int | None = None
    done: float
    seconds_left: float | None = None


class RunStatus(JsonModel):
    """How far a run is.

    Attributes:
        path: Folder of the run.
        spec: Name of its spec.
        method: Search method; null for an architecture that is given.
        state: `running`, `finished`, `interrupted` or `failed`; `searched` or `trained` between two
            stages; `lost` if its process is gone without a word.
        place: How far it is.
        train_loss: That of the last epoch; null before there is one.
        validation: Metrics of the last epoch on the validation part.
        operations: By cell, operations of what would be derived after it, in a search.
        warnings: Warnings so far, each with its epoch.
        measures: Measures of a run that is trained, such as `test_accuracy`.
        resume: Command that goes on with it; empty where nothing is to be gone on with.
        left_out: A line for every file that is damaged: what it says is not told.
    """

    path: str
    spec: str
    method: str | None
    state: str
    place: Place
    train_loss: float | None
    validation: Mapping[str, float]
    operations: Mapping[str, Mapping[str, int]]
    warnings: tuple[str, ...]
    measures: Mapping[str, float]
    resume: str
    left_out: tuple[str, ...]

    @property
    def is_running(self) -> bool:
        """Whether it goes on by itself."""
        return self.state == "running"


def runs_below(paths: Sequence[Path]) -> Sequence[Path]:
    """Return folders that are runs, and all runs below others, by name.

    Args:
        paths: The folders; where there are none, the one below which runs go that name none.

    Raises:
        UserError: NAS023 if a folder has none.
    """
    return [run for path in paths or (EXPORTED,) for run in _below(path, is_meant=bool(paths))]


def _below(path: Path, *, is_meant: bool) -> Sequence[Path]:
    if exists(path / MANIFEST):
        return (path,)
    found = runs_in(path)
    if not found:
        message = "folder has no runs" if isdir(path) else absence(path, "folder").message
        help = "give the folder of a run, or one that has runs"
        if is_meant:
            help += f", such as `{EXPORTED}`"
        else:
            help += f"; `{EXPORTED}` is where those lie that were begun here without `--out`"
        raise user_error("NAS023", message, where=str(path), help=help)
    return found


def status_of(run: Path) -> RunStatus:
    """Return how far a run is; another process may be writing to its folder.

    Raises:
        UserError: NAS023 if it is none, NAS027 if its manifest is damaged.
    """
    return status_in(read_run(run))


def status_in(record: RunRecord) -> RunStatus:
    """Return how far a run is of which there is a record already."""
    run, manifest, pulse = record.path, record.manifest, record.pulse
    epochs = [line for line in record.lines if isinstance(line, EpochRecord)]
    last = epochs[-1] if epochs else None
    state = record.state
    under_way = pulse if state == "running" else None
    results = manifest.results
    measures = {k: v for k, v in results.measures.items() if isinstance(v, (int, float))}
    return RunStatus(
        path=str(run),
        spec=manifest.spec,
        method=manifest.method,
        state=state,
        train_loss=None if last is None else last.train_loss,
        validation={} if last is None else last.validation_metrics,
        operations=(None if last is None else last.operations) or {},
        warnings=tuple(f"epoch {one.epoch}: {text}" for one in epochs for text in one.warnings),
        measures=measures,
        resume="" if state in ("running", "finished") else resuming(run, manifest),
        place=_place(run, manifest, last, under_way),
        left_out=record.left_out,
    )


def _place(run: Path, manifest: Manifest, last: EpochRecord | None, pulse: Pulse | None) -> Place:
    """Return the place in the stage that is under way, or that was the last."""
    if pulse is not None:
        return Place(
            stage=pulse.stage,
            epoch=pulse.epoch,
            epochs=pulse.epochs,
            step=pulse.step,
            steps=pulse.steps,
            done=pulse.done,
            seconds_left=pulse.seconds_left,
        )
    searched, search = is_searched(run), manifest.settings.search
    if last is None or (last.stage == "search" and searched):  # the next stage has no epoch yet
        searches = search is not None and not searched
        training = manifest.settings.evaluate
        epochs = search.epochs if search is not None and searches else training.epochs
        return Place(stage="search" if searches else "retrain", epoch=0, epochs=epochs, done=0.0)
    done = last.epoch / last.epochs
    return Place(stage=last.stage, epoch=last.epoch, epochs=last.epochs, done=done)
