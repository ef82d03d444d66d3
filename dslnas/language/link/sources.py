"""Files that hold programs: the library's and the user's. Reads text; knows nothing of its form."""

from __future__ import annotations

import re
import sys
from contextlib import nullcontext
from functools import cache
from itertools import takewhile
from os.path import isdir, lexists, realpath  # pathlib's raises for a name that no file can have
from pathlib import Path
from typing import BinaryIO

from dslnas.absence import absence, advice_on
from dslnas.diagnostics import user_error
from dslnas.edits import Help
from dslnas.encoding import NotUtf8Error, decoded
from dslnas.language.syntax.parse import MAX_CHARACTERS
from dslnas.regular import regular
from dslnas.source import SourceFile, Span
from dslnas.spelling import did_you_mean, meant, suggestion

STDIN = Path("-")
STDIN_NAME = "stdin"
SUFFIX = ".nas"
LIBRARY = Path(__file__).resolve().parents[2] / "library"
_OTHER_ENDS = {
    "\r": ("carriage return", "CR"),
    "\v": ("vertical tab", "VT"),
    "\x85": ("next-line character", "NEL"),
    "\u2028": ("line separator", "U+2028"),
    "\u2029": ("paragraph separator", "U+2029"),
}
"""Line ends of old Macs, word processors and mainframes; no line of a spec ends with them."""

_MOST_BYTES = 4 * MAX_CHARACTERS


def read_source(
    path: Path, name: str | None = None, *, library: bool = False, pipes: bool = False
) -> SourceFile:
    """Read a `.nas` file; `-` is the standard input, and `pipes` are read where they may come.

    Raises:
        UserError: NAS001 if it cannot be read, NAS002 if it is not UTF-8, NAS003 if too large,
            NAS004 for lines that end with other characters than line feeds.
    """
    is_stdin = path == STDIN
    shown = name or shown_name(path)
    try:
        with nullcontext(sys.stdin.buffer) if is_stdin else _opened(path, pipes=pipes) as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        absent = absence(path, "file")
        help = absent.help or near_files(path)
        raise user_error("NAS001", absent.message, where=shown, help=help) from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "no file has such a name").lower()
        message, help = f"file cannot be read: {reason}", advice_on(error, path)
        raise user_error("NAS001", message, where=shown, help=help) from None
    if len(content) > _MOST_BYTES:
        message = f"file has more than {_MOST_BYTES:,} bytes"
        raise user_error("NAS003", message, where=shown, help="is it a spec?")
    try:
        text = decoded(content).replace("\r\n", "\n")
    except NotUtf8Error as error:
        raise user_error("NAS002", str(error), where=shown, help=error.help) from None
    source = SourceFile(shown, text, None if is_stdin else path, library)
    check_line_ends(source)
    return source


def _opened(path: Path, *, pipes: bool) -> BinaryIO:
    return (path if pipes else regular(path)).open("rb")


def shown_name(path: Path) -> str:
    """Return how messages call a file that is read from a path."""
    return f"<{STDIN_NAME}>" if path == STDIN else str(path)


def check_line_ends(source: SourceFile) -> None:
    """Raise NAS004 for a line end that only some programs know: a comment would go on behind it."""
    found = re.search(f"[{''.join(_OTHER_ENDS)}]", source.text)
    if found is None:
        return
    name, short = _OTHER_ENDS[found[0]]
    change = f"perl -CSD -pe 's/\\x{{{ord(found[0]):x}}}/\\n/g' old > new"
    help = f"write line feeds (LF), as `{change}` does"
    if "\n" not in source.text:
        message = f"lines end with {name}s ({short}) alone"
        raise user_error("NAS004", message, where=source.name, help=help)
    message = f"a {name} ({short}) ends no line"
    span = Span(source, found.start(), found.end())
    raise user_error("NAS004", message, span=span, help=help)


def find_source(path: Path, *, pipes: bool = True) -> SourceFile:
    """Read a program: a file, or where there is none of this name, that of the library.

    The `pipes` of a shell, as in `dslnas check <(...)`, are files, too.

    Raises:
        UserError: See `read_source`.
    """
    if path == STDIN or path.suffix == SUFFIX or lexists(path):
        return read_source(path, pipes=pipes)
    name = str(path)
    if name in library_names():
        return library_source(name, name)
    near = near_library(name)
    if near:
        message = "neither a file nor the library has this name"
        raise user_error("NAS001", message, where=name, help=near)
    return read_source(path)


def library_source(name: str, shown: str = "") -> SourceFile:
    """Read a file of the library by its name, such as `std.cnn`; `shown`: how messages call it."""
    path = LIBRARY.joinpath(*name.split(".")).with_suffix(SUFFIX)
    return read_source(path, shown or f"<{name}>", library=True)


def resolved(folder: Path, text: str) -> Path | None:
    """Return the absolute path that a spec in `folder` names; None if it leads out of there."""
    try:
        path = Path(realpath(folder / text))
    except ValueError:  # a name that no file can have
        return None
    inside = not Path(text).is_absolute() and path.is_relative_to(realpath(folder))
    return path if inside else None


@cache
def library_names() -> tuple[str, ...]:
    """Return the names of all files of the library, such as `std.cnn`, in order."""
    paths = (path.relative_to(LIBRARY).with_suffix("") for path in LIBRARY.glob("**/*.nas"))
    return tuple(sorted(".".join(path.parts) for path in paths))


def library_about(name: str) -> str:
    """Return what a file of the library is, see `about`."""
    return about(library_source(name))


def about(source: SourceFile) -> str:
    """Return the first sentence of the comment that a file begins with, without references."""
    lines = takewhile(lambda line: line.startswith("# "), source.text.splitlines())
    whole = re.sub(r" \([^)]*\)", "", " ".join(line.removeprefix("# ") for line in lines))
    return whole.partition(". ")[0].rstrip(".")


def near_library(name: str) -> Help:
    """Return a help line with the library's files that end as a name does, or the nearest."""
    known, last = library_names(), name.rpartition(".")[2]
    same = [one for one in known if one.rpartition(".")[2] == last]
    if not same or any(one.startswith(name) for one in known):
        return did_you_mean(name, known)
    if len(same) == 1:
        return meant(name, same[0])
    return f"did you mean {' or '.join(f'`{one}`' for one in same)}?"


def near_files(path: Path, user: Path | None = None) -> Help:
    """Return a help line for a missing file: the specs beside it, but for the one that uses it."""
    folder = path.parent
    specs = folder.glob("*.nas") if isdir(folder) else ()
    return suggestion(path.name, [p.name for p in specs if user is None or p.name != user.name])
