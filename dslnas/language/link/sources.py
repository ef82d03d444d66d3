"""Files that hold programs: the library's and the user's. Reads text; knows nothing of its form."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from os.path import lexists  # pathlib's raises for a name that no file can have
from pathlib import Path

from dslnas.diagnostics import did_you_mean, suggestion, user_error
from dslnas.language.syntax.parse import MAX_CHARACTERS
from dslnas.source import SourceFile

STDIN = Path("-")
STDIN_NAME = "stdin"
SUFFIX = ".nas"
LIBRARY = Path(__file__).resolve().parents[2] / "library"
_MOST_BYTES = 4 * MAX_CHARACTERS


def read_source(path: Path, name: str | None = None, *, library: bool = False) -> SourceFile:
    """Read a `.nas` file; `-` is the standard input.

    Raises:
        UserError: NAS001 if it cannot be read, NAS002 if it is not UTF-8, NAS003 if too large,
            NAS004 for lines that end as on old Macs.
    """
    is_stdin = path == STDIN
    shown = name or (f"<{STDIN_NAME}>" if is_stdin else str(path))
    try:
        with nullcontext(sys.stdin.buffer) if is_stdin else path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        near = near_files(path)
        raise user_error("NAS001", "file does not exist", where=shown, help=near) from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "no file has such a name").lower()
        raise user_error("NAS001", f"file cannot be read: {reason}", where=shown) from None
    if len(content) > _MOST_BYTES:
        message = f"file has more than {_MOST_BYTES:,} bytes"
        raise user_error("NAS003", message, where=shown, help="is it a spec?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"file is not UTF-8 text (byte {error.start})"
        raise user_error("NAS002", message, where=shown, help="save it as UTF-8") from None
    text = text.replace("\r\n", "\n")
    if "\r" in text and "\n" not in text:
        message = "lines end with carriage returns (CR) alone, as on old Macs"
        help = "save it with line feeds (LF), as `tr '\\r' '\\n' < old.nas > new.nas` does"
        raise user_error("NAS004", message, where=shown, help=help)
    return SourceFile(shown, text, None if is_stdin else path, library)


def find_source(path: Path) -> SourceFile:
    """Read a program: a file, or where there is none of this name, that of the library.

    Raises:
        UserError: See `read_source`.
    """
    if path == STDIN or path.suffix == SUFFIX or lexists(path):
        return read_source(path)
    name, known = str(path), library_names()
    if name in known:
        return library_source(name, name)
    near = did_you_mean(name, known)
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
        path = (folder / text).resolve()
    except (OSError, ValueError):  # a name that no file can have
        return None
    inside = not Path(text).is_absolute() and path.is_relative_to(folder.resolve())
    return path if inside else None


def library_names() -> list[str]:
    """Return the names of all files of the library, such as `std.cnn`."""
    return sorted(
        ".".join(path.relative_to(LIBRARY).with_suffix("").parts)
        for path in LIBRARY.glob("**/*.nas")
    )


def near_files(path: Path, user: Path | None = None) -> str:
    """Return a help line for a missing file: the specs beside it, but for the one that uses it."""
    folder = path.parent
    specs = folder.glob("*.nas") if folder.is_dir() else ()
    return suggestion(path.name, [p.name for p in specs if user is None or p.name != user.name])
