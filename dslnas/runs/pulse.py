"""The pulse of a run: where it is within an epoch, in a small file that other processes read."""

from __future__ import annotations

import os
import platform
import time
from contextlib import suppress
from pathlib import Path

from dslnas.diagnostics import UserError
from dslnas.files import write_whole
from dslnas.json_model import JsonModel, json_text, read_model
from dslnas.training.records import LEARN, EpochRecord, Line, StepRecord

PULSE = "progress.json"
SECONDS = 2.0
"""Time between two beats."""

LOST = 120.0
"""Seconds without a beat after which a run on another machine is taken for dead."""


class Pulse(JsonModel):
    """Place of a run in its search or its training.

    Attributes:
        stage: Loop that is under way, `search`, `retrain`, or what lies between epochs.
        epoch: Epoch that is under way, counted from 1.
        epochs: How many there are.
        step: Last step of it that is over.
        steps: How many there are in an epoch, as far as it is known.
        seconds_left: Time to the end of the stage, by the pace so far; null before there is any.
        process: Number of the process.
        host: Name of its machine.
        time: When this was written, in seconds since 1970.
    """

    stage: str
    epoch: int
    epochs: int
    step: int
    steps: int
    seconds_left: float | None
    process: int
    host: str
    time: float

    @property
    def done(self) -> float:
        """Share of the stage that is over."""
        return share_done(self.epoch, self.epochs, self.step, self.steps)

    def is_alive(self) -> bool:
        """Whether the process is there still; one on another machine, whether it wrote lately."""
        if self.host != platform.node():
            return time.time() - self.time < LOST
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # it is somebody else's
            return True
        return True


def share_done(epoch: int, epochs: int, step: int, steps: int) -> float:
    """Return the share of a stage that is over after a step of an epoch."""
    return (epoch - 1 + step / max(1, steps)) / max(1, epochs)


class Pace:
    """How fast a stage goes: it hears the records of a run, and says how long is left."""

    def __init__(self) -> None:
        self._stage = ""
        self._begin, self._from, self._done = 0.0, 0.0, 0.0

    def hear(self, record: EpochRecord | StepRecord) -> None:
        """Take a record into account; the first one of a stage is where the pace begins.

        Steps between the epochs of a search only take their time.
        """
        if record.stage == LEARN:
            return
        if isinstance(record, EpochRecord):
            done = record.epoch / max(1, record.epochs)
        else:
            done = share_done(record.epoch, record.epochs, record.step, record.steps)
        if record.stage != self._stage:
            self._stage, self._begin, self._from = record.stage, time.monotonic(), done
        self._done = done

    @property
    def seconds_left(self) -> float | None:
        """Time to the end of the stage at this pace; None before there is one."""
        gone = self._done - self._from
        if gone <= 0:
            return None
        return (1 - self._done) * (time.monotonic() - self._begin) / gone


class Heart:
    """Writes the pulse of a run while it hears its records."""

    def __init__(self, folder: Path) -> None:
        """Begin; nothing is written before the folder of the run is there."""
        self._path = folder / PULSE
        self._pace, self._last = Pace(), -SECONDS

    def hear(self, record: Line | StepRecord) -> None:
        """Take a record into account, and write where the run is if it is time."""
        if isinstance(record, EpochRecord):
            self._pace.hear(record)
        if not isinstance(record, StepRecord):
            return
        self._pace.hear(record)
        if time.monotonic() - self._last < SECONDS or not self._path.parent.is_dir():
            return
        self._last = time.monotonic()
        pulse = Pulse(
            stage=record.stage,
            epoch=record.epoch,
            epochs=record.epochs,
            step=record.step,
            steps=record.steps,
            seconds_left=self._pace.seconds_left,
            process=os.getpid(),
            host=platform.node(),
            time=time.time(),
        )
        write_whole(self._path, json_text(pulse.model_dump()))

    def stop(self) -> None:
        """Remove the pulse: nothing is under way."""
        with suppress(NotADirectoryError):  # its folder could not be made
            self._path.unlink(missing_ok=True)


def read_pulse(run: Path) -> Pulse | None:
    """Return the pulse of a run; None if there is none, or it cannot be read just now."""
    try:
        return read_model(Pulse, run / PULSE)
    except (OSError, UserError):
        return None
