"""Moments at which a process dies: after a time, or at a call of the system that changes files."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dslnas.files import PART

CHANGES = {
    *("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "shutil.rmtree"),
    "fcntl.flock",
}
"""Calls that change files besides `open` and `fsync`, as Python's audit names them."""


@dataclass(frozen=True)
class Moment:
    """A moment in the life of a process.

    Attributes:
        seconds: Time after its start; None where it dies at a call.
        call: Number of a call that changes a file, before which it dies; counted from 0.
        written: Share of the file that was written by then, where it writes one.
    """

    seconds: float | None = None
    call: int | None = None
    written: float = 1.0


NEVER = Moment()


class Calls:
    """Counts the calls of this process that change files below a folder, and ends it at one.

    A file that is being written is cut, as if the process had come so far with it: what is left is
    what a kill in the midst of the writing leaves.

    Attributes:
        count: How many there were.
    """

    def __init__(self, folder: Path, moment: Moment) -> None:
        self.count = 0
        self._folder, self._moment = f"{folder}{os.sep}", moment
        self._sync: Callable[[int], None] = os.fsync

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take an event of Python's audit into account."""
        if event == "open":
            path, _, flags = arguments
            if flags & (os.O_WRONLY | os.O_RDWR) and self._is_ours(path):
                self._call()
        elif event in CHANGES and (event == "fcntl.flock" or self._is_ours(arguments[0])):
            self._call()

    def sync(self, handle: int) -> None:
        """Stand for `os.fsync`: all of a file was written."""
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if self._is_ours(path):
            if self._is_due and path.is_file():
                size = path.stat().st_size
                kept = 0 if path.name.endswith(PART) else _last_line(path)
                os.ftruncate(handle, kept + int(self._moment.written * (size - kept)))
            self._call()
        self._sync(handle)

    @property
    def _is_due(self) -> bool:
        return self.count == self._moment.call

    def _call(self) -> None:
        if self._is_due:
            os.killpg(os.getpgrp(), signal.SIGKILL)
        self.count += 1

    def _is_ours(self, path: object) -> bool:
        """Whether a path is below the folder, which is the working directory."""
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        text = os.fsdecode(path)
        return not os.path.isabs(text) or text.startswith(self._folder)


def _last_line(path: Path) -> int:
    """Return where the last line of a file begins, which grows line by line."""
    content = path.read_bytes()
    return content.rfind(b"\n", 0, len(content) - 1) + 1
