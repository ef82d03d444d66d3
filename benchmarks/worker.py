"""A process that does work with a time limit, and is replaced if it fails badly.

An error on a GPU may leave nothing usable behind in its process, and compiling cannot be broken off
from inside.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

Asked = TypeVar("Asked")
Found = TypeVar("Found")


class WorkFailedError(Exception):
    """Work that came to nothing; in a line, why."""


class Worker(Generic[Asked, Found]):
    """Calls a function in another process, one call after the other."""

    def __init__(self, function: Callable[[Asked], Found]) -> None:
        """Take the function, which another process can import."""
        self._function = function
        self._running: tuple[BaseProcess, Connection] | None = None

    def __call__(self, asked: Asked, limit: float) -> Found:
        """Return what the function gives.

        Raises:
            WorkFailedError: It raised an exception, died, or took longer than the limit in seconds.
        """
        _, ours = self._running = self._running or self._start()
        ours.send(asked)
        found, error = self._answer(ours, limit)
        if error:
            self.close()
            raise WorkFailedError(error)
        result: Found = found
        return result

    def _start(self) -> tuple[BaseProcess, Connection]:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._function))
        process.start()
        theirs.close()
        return process, ours

    def _answer(self, ours: Connection, limit: float) -> tuple[Any, str]:
        if not ours.poll(limit):
            return None, f"broken off after {limit:.0f} s"
        try:
            answer: tuple[Any, str] = ours.recv()
        except EOFError:
            return None, "its process died"
        return answer

    def close(self) -> None:
        """End the process; the next call starts another one."""
        if self._running is not None:
            process, ours = self._running
            ours.close()
            process.kill()
            process.join()
        self._running = None


def _serve(theirs: Connection, function: Callable[[Asked], Found]) -> None:
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            asked = theirs.recv()
            try:
                theirs.send((function(asked), ""))
            except Exception as error:
                traceback.print_exc()
                theirs.send((None, _in_a_line(error)))


def _in_a_line(error: Exception) -> str:
    lines = (line.strip() for line in str(error).splitlines())
    return f"{type(error).__name__}: {next(filter(None, lines), '')}"
