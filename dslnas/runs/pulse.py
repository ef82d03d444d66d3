"""The pulse of a run: where it is within an epoch, in a small file that other processes read."""

from __future__ import annotations

import os
import platform
import time
from contextlib import suppress
from os.path import isdir
from pathlib import Path

from dslnas.files import write_whole
from dslnas.json_model import JsonModel, json_text, read_model
from dslnas.training.records import LEARN, EpochRecord, Line, StepRecord

PULSE = "progress.json"
SECONDS = 2.0
"""Time between two beats."""

LOST = 120.0
"""Seconds without a beat after which a run is taken for dead whose process cannot be looked at."""


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
        began: When that process began, in ticks since its machine did: its number is given to
            another when it is gone. Null where the system does not tell.
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
    began: int | None
    host: str
    time: float

    @property
    def done(self) -> float:
        """Share of the stage that is over."""
        return share_done(self.epoch, self.epochs, self.step, self.steps)

    def is_alive(self) -> bool:
        """Whether the process is there still; where nobody can look, whether it wrote lately."""
        if self.host == platform.node() and self.began is not None:
            return _beginning(self.process) == self.began
        return time.time() - self.time < LOST


def _beginning(process: int) -> int | None:
    """Return when a process began, in ticks since its machine did.

    None if it is gone, even if nobody has asked for its exit code yet, and on other systems than
    Linux.
    """
    try:
        status = Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return None
    # the name of its program, in brackets, may have any letters
    state, *numbers = status.rpartition(b")")[2].split()
    return None if state in (b"Z", b"X") else int(numbers[18])


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
        if time.monotonic() - self._last < SECONDS or not isdir(self._path.parent):
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
            began=_beginning(os.getpid()),
            host=platform.node(),
            time=time.time(),
        )
        write_whole(self._path, json_text(pulse.model_dump()))

    def stop(self) -> None:
        """Remove the pulse: nothing is under way. One that stays is of a process that is gone."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def read_pulse(run: Path) -> Pulse | None:
    """Return the pulse of a run, None if there is none; raise NAS027 if it is damaged."""
    try:
        return read_model(Pulse, run / PULSE)
    except OSError:
        return None
