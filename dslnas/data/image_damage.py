"""Pictures that cannot be read: why each of them cannot, in one message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from dslnas.data.files import PARSER_ERRORS
from dslnas.data.image_files import shown
from dslnas.diagnostics import UserError, user_error

FAULTS = (OSError, EOFError, MemoryError, *PARSER_ERRORS)
"""Errors that reading a picture may raise, besides the preprocessing's own."""

NAMED = 20
"""Pictures that a message names."""

_OTHER_FILES = {
    rb"\s*(<!--.*?-->\s*)?<(!doctype\s+html|html|head|body)\b": "is an HTML page",
    rb"\s*(<\?xml|<svg)": "is XML",
    rb"\s*[{\[]\s*[\"{\[]": "is JSON",
    rb"%PDF": "is a PDF file",
    rb"PK\x03\x04": "is a ZIP archive",
    rb"version https://git-lfs": "is a pointer to a file of Git LFS",
}
"""Kinds of files that may be called pictures, by how they begin."""

_CUT = re.compile("truncated|cut short|end of file|unexpected end", re.IGNORECASE)


def cause_of(path: Path, error: Exception) -> str:
    """Return why a picture cannot be read, as what is said of it."""
    if isinstance(error, OSError) and error.strerror:  # raised by the system, not by a parser
        return f"cannot be opened: {error.strerror.lower()}"
    if isinstance(error, MemoryError):
        return "is too large for the memory"
    with path.open("rb") as stream:
        head = stream.read(512).removeprefix(b"\xef\xbb\xbf")
    if not head:
        return "is empty"
    for start, what in _OTHER_FILES.items():
        if re.match(start, head, re.IGNORECASE | re.DOTALL):
            return what
    if isinstance(error, EOFError) or _CUT.search(str(error)):
        return "is cut short"
    return "is damaged"


def unreadable(folder: Path, wrong: Mapping[Path, str], count: int) -> UserError:
    """Return the error for all pictures, of so many in a folder, that are wrong: NAS603."""
    return user_error(
        "NAS603",
        f"{len(wrong)} of {count} images cannot be read: {listed(folder, wrong)}",
        help="fetch or write them again, or leave them out by `skip damaged`",
        where=str(folder),
    )


def listed(folder: Path, wrong: Mapping[Path, str]) -> str:
    """Return in words what is wrong with which picture in a folder."""
    told = [f"{shown(path.relative_to(folder))} {why}" for path, why in wrong.items()]
    more = len(told) - NAMED
    return "; ".join(told[:NAMED]) + (f"; and {more} more, which `dslnas data` names" * (more > 0))
