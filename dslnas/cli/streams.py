"""The standard streams of a process: all three are there, and nothing that is told ends a command.

Results go to stdout, and a command whose results cannot be written fails. Messages go to stderr:
those of a run that takes days must not end it, because its log is full or its terminal closed.
"""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import suppress
from typing import TextIO

NUMBERS = (0, 1, 2)
"""File descriptors of stdin, stdout and stderr."""


class _Lossy(io.FileIO):
    """A file that takes what is written to it, and loses what cannot be written."""

    def write(self, data: object, /) -> int:
        """Write bytes, and return how many they are."""
        with suppress(OSError):
            super().write(data)  # type: ignore[arg-type]  # any buffer, as typeshed has no name for
        return memoryview(data).nbytes  # type: ignore[arg-type]  # the same


def take_streams() -> None:
    """Open what is missing of the standard streams, and make stderr lossy.

    Where the caller closed one, the next file that is opened would get its number: what libraries
    print would be written into a model. A missing stream leads nowhere instead.
    """
    for number in NUMBERS:
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # gets the lowest number
    sys.stdin = sys.stdin or open(0, closefd=False, encoding="utf-8")  # noqa: SIM115 - it stays
    sys.stdout = sys.stdout or open(1, "w", closefd=False, encoding="utf-8")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):  # names may have letters that its encoding lacks
        sys.stdout.reconfigure(errors="backslashreplace")
    if sys.stderr is sys.__stderr__:  # a program that put its own one there knows why
        sys.stderr = _lossy(sys.stderr)


def _lossy(stream: TextIO | None) -> TextIO:
    file = io.BufferedWriter(_Lossy(2, "w", closefd=False))
    encoding = "utf-8" if stream is None else stream.encoding
    return io.TextIOWrapper(file, encoding, "backslashreplace", line_buffering=True)


def has_reader(stream: TextIO) -> bool:
    """Whether nobody has closed the other end of the pipe that a stream may be."""
    try:
        stream.flush()
        number = stream.fileno()
    except BrokenPipeError:
        return False
    except (OSError, ValueError):  # it is in memory
        return True
    if not hasattr(select, "poll"):  # on Windows, where nothing else tells
        return False
    watch = select.poll()
    watch.register(number, 0)
    return not any(event & (select.POLLERR | select.POLLHUP) for _, event in watch.poll(0))


def drop(stream: TextIO) -> None:
    """Let what a stream still holds, and what comes later, lead nowhere."""
    with suppress(OSError):  # a stream in memory has no number
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
