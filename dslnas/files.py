"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os.path import exists, isdir
from pathlib import Path
from typing import IO, Any

from dslnas.diagnostics import user_error
from dslnas.regular import reason_of, regular
from dslnas.shortage import shortage

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

PART = ".part"
"""End of the name of a file, or of a folder of some, that is being written."""

READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)
"""How what is only locked is opened: without waiting, should it be a pipe."""

OTHER_COPY = "let it be written to, or change a copy of it"
OTHER_NAME = "give it another name, or another folder"


OTHER_OUT = "choose another place with `--out PATH` (in Python `out='PATH'`)"


def write_whole(
    path: Path, content: str | bytes, before: Path | None = None, instead: str = OTHER_OUT
) -> None:
    """Write a file under another name first, so that nobody ever sees half of it.

    It is on the disk before it takes its name: a computer that loses its power keeps the old file
    or the new one. What was there is kept as `before`, if that is given, once the new one is whole.
    Permissions stay; a file that its owner may not write to is not replaced.

    Raises:
        UserError: NAS021 if it cannot be written, with advice on what to do `instead`.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        mode = _mode(path)
        with becoming(path, mode, before) as file:
            file.write(data)
    except OSError as error:
        raise cannot_write(path, error, instead) from None


@contextmanager
def becoming(path: Path, mode: int = 0o644, before: Path | None = None) -> Iterator[IO[bytes]]:
    """Give a file to write inside of this that takes its name once it is on the disk.

    It has another name until then, and is locked. One that a process left which was killed is not:
    the next that writes the same file removes it. May raise OSError.
    """
    _remove_left(path.parent, f".{path.name}.")
    lock, temporary = _part_of(path)
    try:
        with temporary.open("r+b") as file:
            yield file
            sync(file)
        os.chmod(temporary, mode)
        if before is not None and exists(path):
            os.replace(path, before)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(lock)


def _part_of(path: Path) -> tuple[int, Path]:
    """Return the handle and the path of a new file in the folder of another one, locked."""
    while True:
        handle, name = tempfile.mkstemp(PART, f".{path.name}.", path.parent)
        try:
            if lock(handle, wait=True) is not False and is_at(handle, Path(name)):
                return handle, Path(name)
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # who looked for parts that were left took it for one


def lock(handle: int, *, wait: bool = False) -> bool | None:
    """Lock an open file for its process alone; return whether it is, None where nothing can be.

    The lock is the file system's: it ends with the process, however that ends.
    """
    if fcntl is None:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:  # no locks here
        return None
    return True


def is_locked(path: Path) -> bool | None:
    """Whether a file, or a folder, is locked; None where nothing can be.

    Many may look at once, and need not be allowed to write there.
    """
    try:
        handle = os.open(path, READ)
    except OSError:
        return False
    try:
        if fcntl is None:
            return None
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(handle)
    return False


def is_at(handle: int, path: Path) -> bool:
    """Whether an open file is still the one with that name."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


def _remove_left(folder: Path, start: str) -> None:
    """Remove files that are parts, whose names begin like this, and that nobody writes to."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith(start) and path.name.endswith(PART):
                _remove_if_left(path)


def _remove_if_left(path: Path) -> None:
    with suppress(OSError):
        handle = os.open(path, os.O_RDWR)
        try:
            if lock(handle):
                path.unlink(missing_ok=True)
        finally:
            os.close(handle)


def _mode(path: Path) -> int:
    """Return the permissions that a file has or will have; raise OSError if it is protected."""
    try:
        mode = regular(path).stat().st_mode & 0o777
    except FileNotFoundError:
        return 0o644
    if not mode & 0o200:
        raise PermissionError(errno.EACCES, "the file is write-protected")
    return mode


def put(file: Path, place: Path) -> None:
    """Move a file of the same disk to its place, once it is on the disk; may raise OSError."""
    with file.open("r+b") as content:
        sync(content)
    os.chmod(file, 0o644)
    os.replace(file, place)


def sync(file: IO[Any]) -> None:
    """Wait until what was written to a file is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def remove_parts(folder: Path) -> None:
    """Remove what is left of files, and of folders of some, whose writing was killed.

    Raises:
        UserError: NAS021 if a folder cannot be removed.
    """
    for path in folder.glob(f".*{PART}"):
        if isdir(path):
            try:
                shutil.rmtree(path)
            except OSError as error:
                raise cannot_write(path, error) from None
    _remove_left(folder, ".")


def remove(path: Path) -> None:
    """Remove a file if it is there.

    Raises:
        UserError: NAS021 if it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from None


def user_cache() -> Path:
    """Return the folder of this user for what can be made again."""
    try:
        place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # a user without a home: nothing can be kept
        place = Path(os.devnull)
    return place / "dslnas"


def make_folder(path: Path, instead: str = OTHER_OUT) -> None:
    """Make a folder and those above it.

    Raises:
        UserError: NAS021 if it cannot be made, with advice on what to do `instead`.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error, instead) from None


def cannot_write(path: Path, error: OSError, instead: str = OTHER_OUT) -> Exception:
    """Return the error for a place that cannot be written to, and what to do instead.

    Where the system gave too little of something else than space, it is told of that.
    """
    short = shortage(error)
    if short is not None:
        return short
    free = "free some space and go on with the run, or " if is_full(error) else ""
    return user_error(
        "NAS021",
        f"cannot be written: {reason_of(error)}",
        where=str(path),
        help=free + instead,
    )


def is_full(error: OSError) -> bool:
    """Whether something cannot be written for want of space."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)
