"""One writer at a time: who writes to a run, or to the summary of several, holds it.

The lock is the file system's, so it ends with its process, however that ends, and holds between
machines where the file system they share has locks. Systems without such locks go on without.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dslnas.files import PART, cannot_write, make_folder

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

MARK = ".lock"
SECONDS = 0.2
"""Time between two tries."""


def lock_of(path: Path) -> Path:
    """Return the file that is locked while somebody writes to a path, beside it."""
    return path.parent / f".{path.name}{MARK}"


def is_passing(path: Path) -> bool:
    """Whether a file is one that is locked, or being written; one that is left has no meaning."""
    return path.name.startswith(".") and path.name.endswith((MARK, PART))


def is_held(path: Path) -> bool:
    """Whether another process holds a path."""
    if not lock_of(path).exists():
        return False
    with holding(path) as is_ours:
        return not is_ours


@contextmanager
def holding(path: Path, patience: float = 0.0) -> Iterator[bool]:
    """Hold a path inside of this; yield whether it could be had within so many seconds.

    Raises:
        UserError: NAS021 if nothing can be written beside it.
    """
    lock = lock_of(path)
    make_folder(lock.parent)
    until = time.monotonic() + patience
    handle = _locked(lock)
    while handle is None and time.monotonic() < until:
        time.sleep(SECONDS)
        handle = _locked(lock)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            with suppress(OSError):
                lock.unlink()  # while it is held: who waits for it sees that it is gone
            os.close(handle)


def _locked(lock: Path) -> int | None:
    """Return the handle of a file that is locked from now on; None if another process has it."""
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise cannot_write(lock, error) from None
    if fcntl is None:
        return handle
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:  # no locks here
        return handle
    if _is_at(handle, lock):
        return handle
    os.close(handle)  # who had it before removed it
    return _locked(lock)


def _is_at(handle: int, path: Path) -> bool:
    """Whether an open file is still the one with that name."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False
