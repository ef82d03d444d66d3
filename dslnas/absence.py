"""Reasons in words why no file, or no folder, is found where one is wanted."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import NamedTuple

_HELPS = {
    errno.ELOOP: "give what the link should lead to",
    errno.EACCES: "allow reading it, or give a copy that you may read",
    errno.EPERM: "allow reading it, or give a copy that you may read",
    errno.ENAMETOOLONG: "give a path whose parts are shorter",
}


class Absence(NamedTuple):
    """Reason why a path is not what is wanted, and advice.

    Attributes:
        message: Reason, to stand behind the path.
        help: Advice to the user; "" where only a name that is near could help.
    """

    message: str
    help: str = ""


def absence(path: Path, wanted: str = "") -> Absence:
    """Return why nothing is at a path that is `wanted`: a "file", a "folder", any "path".

    The word stands in front of "does not exist", unless the path follows another noun.
    """
    missing = f"{wanted} does not exist" if wanted else "does not exist"
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        if error.errno == errno.ELOOP:
            return Absence("is a link that leads to itself", _HELPS[errno.ELOOP])
        if os.path.islink(path):
            return Absence("is a link to nothing", _HELPS[errno.ELOOP])
        return Absence(missing)
    except ValueError:  # a name that no file can have
        return Absence(missing)
    if stat.S_ISDIR(mode):
        return Absence("is a folder", "give a file in it")
    if stat.S_ISREG(mode):
        return Absence(f"is no {wanted}")
    return Absence("is neither a file nor a folder", "write what it holds into a file")


def advice_on(error: OSError | ValueError, path: Path) -> str:
    """Return advice on what cannot be read at a path; "" where there is none."""
    number = error.errno if isinstance(error, OSError) else None
    file = next((parent for parent in path.parents if os.path.isfile(parent)), None)
    if number == errno.ENOTDIR and file is not None:
        return f"`{file}` is a file, not a folder"
    return _HELPS.get(number or 0, "")
