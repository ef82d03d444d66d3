"""One writer at a time: who writes to a run, or to the summary of several, holds it.

The lock is the file system's, so it ends with its process, however that ends, and holds between
machines where the file system they share has locks. Systems without such locks go on without.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from os.path import exists
from pathlib import Path

from dslnas.diagnostics import user_error
from dslnas.files import PART, READ, cannot_write, is_at, is_locked, lock

MARK = ".lock"
SECONDS = 0.1
"""Time between two tries."""

GLANCE = 0.5
"""Seconds after which a path is taken for held: a look at whether it is holds it for a moment."""

_OURS: ContextVar[frozenset[Path]] = ContextVar("_OURS", default=frozenset())
"""Paths that are held, for who asks in the same thread."""

_HANDLES: set[int] = set()
"""Locks of this process, which none that it forks keeps when it is gone."""


def _let_go() -> None:
    """Close the locks that a process had which forked this one: they are not its."""
    for handle in _HANDLES:
        os.close(handle)
    _HANDLES.clear()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_let_go)


def _real(path: Path) -> Path:
    """Return a path without links; one that leads to itself stays: pathlib would raise."""
    return Path(os.path.realpath(path))


def lock_of(path: Path) -> Path:
    """Return the file that is locked while somebody writes to a path, beside it."""
    place = _real(path)
    return place.parent / f".{place.name}{MARK}"


def is_passing(path: Path) -> bool:
    """Whether a file is one that is locked, or being written; one that is left has no meaning."""
    return path.name.startswith(".") and path.name.endswith((MARK, PART))


def is_held(path: Path) -> bool | None:
    """Whether somebody holds a path; None where the file system has no locks to tell by."""
    found = {is_locked(lock_of(path)), is_locked(path)}
    return True if True in found else None if None in found else False


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a path inside of this, or go on holding it.

    Raises:
        UserError: NAS030 if another process holds it, NAS021 if nothing can be written there.
    """
    if _real(path) in _OURS.get():
        yield
        return
    with holding(path, GLANCE) as is_ours:
        if not is_ours:
            raise user_error(
                "NAS030",
                "another process is at it",
                where=str(path),
                help="wait until that one has ended, or choose another folder with `--out DIR` "
                "(in Python `out='DIR'`)",
            )
        yield


@contextmanager
def holding(path: Path, patience: float = 0.0) -> Iterator[bool]:
    """Hold a path inside of this; yield whether it could be had within so many seconds.

    Raises:
        UserError: NAS021 if nothing can be written there.
    """
    mark = lock_of(path)
    above = [folder for folder in mark.parents if not exists(folder)]
    _make_folder_for(path, mark.parent)
    until = time.monotonic() + patience
    handle = _locked(mark, path)
    while handle is None and time.monotonic() < until:
        time.sleep(SECONDS)
        handle = _locked(mark, path)
    ours = _OURS.get()
    if handle is not None:
        ours |= {_real(path)}
        _HANDLES.add(handle)
    before = _OURS.set(ours)
    try:
        yield handle is not None
    finally:
        _OURS.reset(before)
        if handle is not None:
            with suppress(OSError):
                mark.unlink()  # while it is held: who waits for it sees that it is gone
            _HANDLES.discard(handle)
            os.close(handle)
        for folder in above:  # nothing was written, or they stay
            with suppress(OSError):
                folder.rmdir()


def _make_folder_for(path: Path, parent: Path) -> None:
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:  # a file is there: what writes next tells it
        pass
    except OSError as error:
        raise cannot_write(path, error) from None


def _locked(mark: Path, path: Path) -> int | None:
    """Return the handle of a file that is locked from now on; None if another process has it.

    Where nothing can be written beside a folder it is locked itself.
    """
    try:
        handle = os.open(mark, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        try:
            handle = os.open(path, READ)
        except OSError:
            raise cannot_write(path, error) from None
        mark = path
    is_ours = lock(handle)
    if is_ours is None or (is_ours and is_at(handle, mark)):
        return handle
    os.close(handle)
    return None if not is_ours else _locked(mark, path)  # who had it before removed it
