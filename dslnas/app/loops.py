"""The two loops of a run, its search and its training: stored, ended early, and gone on with."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from dslnas.app.heap import keep_memory
from dslnas.app.run import Notice, Run
from dslnas.diagnostics import user_error
from dslnas.runs.checkpoint import Checkpoint
from dslnas.runs.keeper import RunKeeper
from dslnas.state import StateError
from dslnas.training.keeping import P, Saved


def keeper(run: Run, checkpoint: Checkpoint[P]) -> RunKeeper[P]:
    """Return the keeper of a loop of a run."""
    return RunKeeper(run.folder, checkpoint, run.stop, run.checkpoint_minutes, run.runtime.ranks)


def last_saved(run: Run, checkpoint: Checkpoint[P], epochs: int) -> Saved[P] | None:
    """Return a loop of a run, of so many epochs, as it was stored last; say where it goes on.

    Metrics of epochs after that are forgotten: they will come again.

    Raises:
        UserError: NAS026 or NAS027 if checkpoints are there and none is sound.
    """
    saved = checkpoint.take(run.metrics, epochs)
    run.folder.keep_metrics(checkpoint.stage, 0 if saved is None else saved.progress.epochs)
    for error in checkpoint.refused:
        for wrong in error.diagnostics:
            text = f"{wrong.where}: {wrong.message}: the checkpoint before is taken"
            run.report(Notice(text))
    if saved is not None:
        where = f"in {run.path}, {saved.progress.told}"
        run.report(Notice(f"Going on with the {checkpoint.word} {where}"))
    return saved


@contextmanager
def standing_heap() -> Iterator[None]:
    """Leave all objects that there are by now to themselves inside of this, and keep memory.

    Python looks for unused ones among all objects again and again: with graphs, plans and modules
    there are a million, none of which goes away while a loop runs.
    """
    keep_memory()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def fitting(checkpoint: Checkpoint[P]) -> Iterator[None]:
    """Go on from a checkpoint inside of this.

    Raises:
        UserError: NAS026 if it does not fit.
    """
    try:
        yield
    except StateError as error:
        raise user_error(
            "NAS026",
            f"checkpoint does not fit: {error}",
            where=str(checkpoint.path),
            help="start a new run in another folder",
        ) from None
