"""Memory and processor of this process and of all that it began, as Linux tells them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Self

SECONDS_BETWEEN_LOOKS = 0.25


class Watch:
    """A look at all of them again and again while the body runs; elsewhere than on Linux all is 0.

    Memory that several share is divided among them (PSS).

    Attributes:
        mib: The most memory, in MiB.
        cores: Seconds of processors in a second of the clock, up to the last look before the first
            of them ended.
    """

    def __init__(self) -> None:
        self.mib, self.cores = 0.0, 0.0
        self._ended = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """End."""
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        begin, before, most = time.perf_counter(), sum(map(_seconds, _family())), 0.0
        while not self._ended.wait(SECONDS_BETWEEN_LOOKS):
            family, wall = list(_family()), time.perf_counter() - begin
            seconds = sum(map(_seconds, family)) - before
            self.mib = max(self.mib, sum(map(_mib, family)))
            if seconds >= most:
                most, self.cores = seconds, seconds / wall


def _family(process: int | None = None) -> Iterator[int]:
    """Yield a process, by default this, and those that it began, and so on.

    Those that end meanwhile may lack.
    """
    process = process or os.getpid()
    yield process
    with suppress(OSError):
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            for child in children.read_text(encoding="ascii").split():
                yield from _family(int(child))


def _mib(process: int) -> float:
    with suppress(OSError):
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))
    return 0.0


def _seconds(process: int) -> float:
    """Return what a process has had of processors, itself and the system for it."""
    with suppress(OSError):
        behind_name = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        user, system = map(int, behind_name.split()[11:13])
        return (user + system) / os.sysconf("SC_CLK_TCK")
    return 0.0
