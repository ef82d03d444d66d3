"""The folder in which compiled loops are kept from run to run. Imports numba."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from numba import __version__ as numba
from numba import config

from dslnas.files import user_cache


def cache_folder() -> Path:
    """Return where compiled loops are kept: in numba's folder, if one is set, or the user's.

    The name tells the state of all files here: numba looks at a loop's own file alone, but what it
    keeps contains the functions of other files. It tells numba's version, too: each throws away
    what another has kept.
    """
    digest = hashlib.sha256(numba.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    place = Path(config.CACHE_DIR, "dslnas") if config.CACHE_DIR else user_cache()
    return place / f"loops-{digest.hexdigest()[:16]}"


LOCK = "lock"
"""File that a process locks while it looks for loops, or keeps some."""

FOLDER = cache_folder()
"""Taken once: while a function is compiled, numba's own setting names this folder."""


def check_writable() -> None:
    """Make the folder, and write something in it; raise OSError where that cannot be done."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=FOLDER):
        pass


@lru_cache(1)
def are_kept() -> bool:
    """Whether compiled loops are kept; else numba would keep them beside their sources."""
    try:
        check_writable()
    except OSError:
        return False
    return True


@contextmanager
def alone() -> Iterator[None]:
    """Run the body while no other process compiles loops, or finds them.

    Of two that keep a loop for different dtypes at the same time, numba may note the code for one
    dtype as that for the other.
    """
    with ExitStack() as stack:
        with suppress(ImportError, OSError):  # there are systems and disks without locks
            import fcntl

            lock = stack.enter_context((FOLDER / LOCK).open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
