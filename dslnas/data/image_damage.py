"""Pictures that cannot be read: why each of them cannot, in one message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from os.path import exists, isfile, islink
from pathlib import Path

from dslnas.data.files import PARSER_ERRORS
from dslnas.data.image_files import in_words, is_utf8, shown
from dslnas.diagnostics import UserError, user_error
from dslnas.regular import regular

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

NAME, LINK = "has a name that is not UTF-8", "is a link to nothing"

_MENDS = {NAME: "rename them", LINK: "mend the links"}
"""Advice for what is not mended by another copy of the picture."""

ELSEWHERE = ", which `dslnas data` names"

_CUT = re.compile("truncated|cut short|end of file|unexpected end", re.IGNORECASE)


def cause_of(path: Path, error: Exception) -> str:
    """Return why a picture cannot be read, as what is said of it."""
    if isinstance(error, OSError) and error.strerror:  # raised by the system, not by a parser
        return f"cannot be opened: {error.strerror.lower()}"
    if isinstance(error, MemoryError):
        return "is too large for the memory"
    with regular(path).open("rb") as stream:
        head = stream.read(512).removeprefix(b"\xef\xbb\xbf")
    if not head:
        return "is empty"
    for start, what in _OTHER_FILES.items():
        if re.match(start, head, re.IGNORECASE | re.DOTALL):
            return what
    if isinstance(error, EOFError) or _CUT.search(str(error)):
        return "is cut short"
    return "is damaged"


def not_to_open(path: Path) -> str:
    """Return why a picture is not even opened, or "": opening a pipe would wait for its writer."""
    if not is_utf8(path):
        return NAME
    if exists(path):
        return "" if isfile(path) else "is no file"
    return LINK if islink(path) else ""


def named(folder: Path, wrong: Mapping[Path, str]) -> dict[str, str]:
    """Return what is wrong with pictures by their names in a folder."""
    return {shown(path.relative_to(folder)): why for path, why in wrong.items()}


def listed(wrong: Mapping[str, str], elsewhere: str = "", most: int | None = None) -> str:
    """Return in words what is wrong with which picture.

    Args:
        wrong: The fault by name.
        elsewhere: Where more are named than here.
        most: How many are named here, if not the usual number.
    """
    most = NAMED if most is None else most
    told, more = [f"{name} {why}" for name, why in wrong.items()], len(wrong) - most
    return "; ".join(told[:most]) + (f"; and {more} more{elsewhere}" if more > 0 else "")


def unreadable(folder: Path, wrong: Mapping[Path, str], count: int, *, leaves: bool) -> UserError:
    """Return the error for all pictures that are wrong: NAS603.

    Args:
        folder: Where they are.
        wrong: The fault of each, in words.
        count: How many there are with those that are not wrong.
        leaves: Whether a run could go without them.
    """
    return user_error(
        "NAS603",
        f"{len(wrong)} of {count} images cannot be read: {listed(named(folder, wrong), ELSEWHERE)}",
        help=_mend(wrong.values()) + ", or leave them out by `skip damaged`" * leaves,
        where=str(folder),
    )


def nothing_left(folder: Path, lost: Sequence[str], wrong: Mapping[Path, str]) -> UserError:
    """Return the error for classes and parts all pictures of which are wrong: NAS603."""
    return user_error(
        "NAS603",
        f"{in_words(lost)} {'have' if len(lost) > 1 else 'has'} no images that can be read: "
        f"{listed(named(folder, wrong))}",
        help=_mend(wrong.values()),
        where=str(folder),
    )


def _mend(causes: Iterable[str]) -> str:
    """Return the advice for pictures that cannot be read, in the order of what is wrong."""
    return " or ".join(
        dict.fromkeys(_MENDS.get(why, "fetch or write them again") for why in causes)
    )
