"""Pipes in the place of files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread


@contextmanager
def piped(path: Path) -> Iterator[Event]:
    """Put a pipe into the place of a file inside of this; yield what tells that it was opened.

    Who opens it to read finds it empty, rather than to wait without end.
    """
    kept, was_opened, is_over = path.read_bytes(), Event(), Event()
    path.unlink()
    os.mkfifo(path)

    def write() -> None:
        while not is_over.is_set():
            os.close(os.open(path, os.O_WRONLY))  # returns once somebody reads
            if not is_over.is_set():
                was_opened.set()

    thread = Thread(target=write, daemon=True)
    thread.start()
    try:
        yield was_opened
        assert path.is_fifo(), "the program does not replace it"
    finally:
        is_over.set()
        while thread.is_alive() and path.is_fifo():
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
            thread.join(0.01)
        path.unlink()
        path.write_bytes(kept)
