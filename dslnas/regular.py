"""Files that are read: regular ones alone."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def regular(path: Path) -> Path:
    """Return the path of a file that is about to be opened.

    Raises:
        OSError: It is not there, or neither a file nor a folder: a pipe would wait for who writes
            into it, a device may have no end, and some of them do something when they are opened.
    """
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # opening a folder says that it is one
        raise OSError(errno.EINVAL, "Neither a file nor a folder", str(path))
    return path


def reason_of(error: OSError) -> str:
    """Return why a file can be neither read nor written, as messages say it."""
    return (error.strerror or str(error)).lower()
