"""The folder in which compiled loops are kept from run to run. Imports numba."""

from __future__ import annotations

import hashlib
import tempfile
from functools import lru_cache
from pathlib import Path

from numba import config

from dslnas.files import user_cache


def cache_folder() -> Path:
    """Return where compiled loops are kept: in numba's folder, if one is set, or the user's.

    The name tells the state of all files here: numba looks at a loop's own file alone, but what it
    keeps contains the functions of other files.
    """
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    place = Path(config.CACHE_DIR, "dslnas") if config.CACHE_DIR else user_cache()
    return place / f"loops-{digest.hexdigest()[:16]}"


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
