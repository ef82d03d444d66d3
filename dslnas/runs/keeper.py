"""The keeper of a run: writes its epochs down, stores its loops, and ends them when asked to."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic

from dslnas.ranks import ALONE, Ranks
from dslnas.runs.checkpoint import Checkpoint
from dslnas.runs.folder import RunFolder
from dslnas.runs.stop_request import StopRequest
from dslnas.state import hash_of
from dslnas.training.keeping import P, Saved
from dslnas.training.records import EpochRecord


class RunKeeper(Generic[P]):
    """Stores one loop of a run after every epoch, and every so many minutes.

    Of several processes one stores it, and all of them end where one of them was asked to.
    """

    def __init__(
        self,
        folder: RunFolder,
        checkpoint: Checkpoint[P],
        stop: StopRequest,
        minutes: float | None = None,
        ranks: Ranks = ALONE,
    ) -> None:
        """Begin; without `minutes` an epoch is stored only when it is over or the loop ends."""
        self._ranks = ranks
        self._folder, self._checkpoint, self._stop = folder, checkpoint, stop
        self._seconds = None if minutes is None else 60 * minutes
        self._stored = time.monotonic()

    def after_step(self, save: Callable[[], Saved[P]]) -> None:
        """Store the loop if it is time, or ends here.

        Raises:
            KeyboardInterrupt: Somebody wants the run to end, and it was stored.
        """
        is_due = self._seconds is not None and time.monotonic() - self._stored >= self._seconds
        ends = self._ranks.any(self._stop.is_asked)
        if is_due or ends:
            self._write(save())
        if ends:
            raise KeyboardInterrupt

    def after_epoch(self, record: EpochRecord, save: Callable[[], Saved[P]]) -> None:
        """Write an epoch down and store the loop.

        Raises:
            UserError: NAS731 if it is not the same in all processes.
        """
        saved = save()
        if not self._ranks.is_alone:
            self._ranks.check_same(hash_of(saved.state.items()), f"after epoch {record.epoch}")
        self._folder.add_metrics(record)
        self._write(saved)

    def check_stop(self) -> None:
        """End the loop if somebody wants it to.

        Raises:
            KeyboardInterrupt: Somebody does.
        """
        if self._ranks.any(self._stop.is_asked):
            raise KeyboardInterrupt

    def _write(self, saved: Saved[P]) -> None:
        if self._ranks.rank == 0:
            self._checkpoint.write(saved)
        self._stored = time.monotonic()
