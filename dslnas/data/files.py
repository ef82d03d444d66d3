"""Opening files that may be missing, damaged or hostile. Knows no data format."""

from __future__ import annotations

import csv
import errno
import gzip
import lzma
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from os.path import expanduser, isdir  # pathlib's raises for an unknown user
from pathlib import Path
from tokenize import TokenError
from typing import IO, cast

from dslnas.absence import absence
from dslnas.diagnostics import UserError, user_error
from dslnas.edits import Help
from dslnas.encoding import NotUtf8Error, decoded
from dslnas.regular import regular
from dslnas.settings.data_base import DataSettings
from dslnas.spelling import did_you_mean

# Everything is held in memory at once, so more than this (after unpacking) is a mistake or an
# attack; deflate cannot shrink anything further than by the second number.
MOST_BYTES = 2**33
MOST_DEFLATED = 1032

ARCHIVES = frozenset({".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"})
"""Endings of files that hold folders."""

# What the parsers of the standard library, NumPy and Pillow raise when a file is not as it should
# be; RuntimeError is an encrypted archive.
PARSER_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    ValueError,
    SyntaxError,
    TokenError,
    RuntimeError,
    LookupError,
    TypeError,
    ArithmeticError,
    struct.error,
)


def path_of(settings: DataSettings) -> Path:
    """Return the path of the data; raise NAS605 if none is given."""
    if not settings.path:
        raise user_error(
            "NAS605",
            f"data source `{settings.source}` needs a path",
            help='add `path "..."` to the data section or pass `--set data.path=DIR`',
            where="data",
        )
    return Path(expanduser(settings.path))


def is_there(path: Path) -> bool:
    """Whether something lies at a path; raise OSError where it cannot be looked at."""
    try:
        path.stat()
    except ValueError:  # no file has such a name
        return False
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            raise
        return False
    return True


def required_path(path: Path) -> Path:
    """Return `path` if something is there; raise NAS601 if nothing is."""
    with reading(path, "path"):
        is_missing = not is_there(path)
    if is_missing:
        absent = absence(path, "path")
        raise user_error(
            "NAS601",
            absent.message,
            help=absent.help
            or _path_help(path)
            or "correct `path` in the data section or pass `--set data.path=DIR`",
            where=str(path),
        )
    return path


def _path_help(path: Path) -> Help:
    """Say how a path is written that is written as elsewhere, or name what lies there."""
    text = str(path)
    if re.search(r"\b(https?|ftp|s3|gs|file):/", text):
        return "data are read from files: fetch them, and give the path where they lie"
    if re.search(r"\$\w|\$\{|%\w+%", text):
        return "variables of the shell are not replaced: write the path out"
    foreign = [place for place, part in enumerate(path.parts) if "\\" in part]
    if foreign and os.sep == "/":
        slashed = "/".join(path.parts[foreign[0] :]).replace("\\", "/")
        rest = re.sub("^[A-Za-z]:", "", slashed)
        without = "" if rest == slashed else " and without a drive"
        return f"paths are written with `/`{without}: `{rest}`"
    with suppress(OSError):
        return did_you_mean(path.name, [beside.name for beside in path.parent.iterdir()])
    return ""


def required_folder(path: Path, holds: str) -> Path:
    """Return `path` if it is a folder, which `holds` something; raise NAS601 or NAS602 else."""
    if not isdir(required_path(path)):
        is_packed = path.suffix.lower() in ARCHIVES
        help = (
            "unpack it, and give the folder" if is_packed else f"give a folder that holds {holds}"
        )
        raise user_error("NAS602", "not a folder", help=help, where=str(path))
    return path


def missing(path: Path, name: str, holds: str, container: str = "folder") -> UserError:
    """Return the error for a part that should be in the folder or archive `path`: NAS602."""
    return user_error(
        "NAS602",
        f"`{name}` is missing in the {container}",
        help=f"the {container} should hold {holds}",
        where=str(path),
    )


def damaged(path: Path, message: str, help: str = "fetch or write the file again") -> UserError:
    """Return the error for a file whose content is not what it should be: NAS603."""
    return user_error("NAS603", message, help=help, where=str(path))


def changed(path: Path) -> UserError:
    """Return the error for a file that is not any more as it was when it was read first: NAS603."""
    return damaged(path, "file has changed while it was read", "run again")


def check_size(path: Path, needed: int) -> None:
    """Raise NAS603 if `needed` bytes are more than dslnas is ready to hold."""
    if needed > MOST_BYTES:
        raise damaged(
            path,
            f"{needed} bytes of content but at most {MOST_BYTES} are read",
            "use smaller images or fewer of them",
        )


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Turn everything that reading a bad file can raise into NAS603; `what` kind it should be."""
    try:
        yield
    except MemoryError as error:
        raise damaged(path, f"too large a {what} for the memory", "use less data") from error
    except EOFError as error:
        raise damaged(path, f"{what} is cut short") from error
    except OSError as error:
        if not error.strerror:  # raised by a parser, not by the system
            raise damaged(path, f"damaged {what}") from error
        reason = error.strerror.lower()
        raise damaged(path, f"{what} cannot be read: {reason}", "check the file") from error
    except PARSER_ERRORS as error:
        raise damaged(path, f"damaged {what}") from error


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading bytes, unpacking it if its name ends in `.gz`."""
    packed = path.suffix == ".gz"
    with (
        reading(path, "gzip file" if packed else "file"),
        gzip.open(regular(path), "rb") if packed else regular(path).open("rb") as stream,
    ):
        yield cast(IO[bytes], stream)


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """Return the text of a file, its line breaks as line feeds.

    Raises NAS603 if it has more bytes than `most` or cannot be read, NAS610 if it is not UTF-8.
    """
    with reading(path, "file"):
        size = regular(path).stat().st_size
        if size > most:
            message = f"{size} bytes of text but at most {most} are read"
            raise damaged(path, message, "use a part of it")
        content = path.read_bytes()
    try:
        return with_line_feeds(decoded(content))
    except NotUtf8Error as error:
        raise no_utf8(path, error) from None


def csv_rows(
    path: Path, lines: Iterable[str], separator: str, first: int = 1
) -> Iterator[list[str]]:
    """Yield the values of every line of a CSV, from the `first` on; NAS603 where it is none."""
    reader = csv.reader(lines, delimiter=separator)
    try:
        yield from reader
    except csv.Error as error:
        help = f"are its quotes closed? A value has {csv.field_size_limit():,} characters at most"
        line = first - 1 + reader.line_num
        raise damaged(path, f"line {line} cannot be read: {error}", help) from None


def no_utf8(path: Path, error: NotUtf8Error) -> UserError:
    """Return the error for a file that is no UTF-8 text: NAS610."""
    return user_error("NAS610", str(error), help=error.help, where=str(path))


def with_line_feeds(text: str) -> str:
    """Return a text with the line breaks of all systems as line feeds."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def read_exactly(path: Path, stream: IO[bytes], size: int) -> bytes:
    """Return the `size` bytes that are left in an `opened` file, or raise NAS603.

    A header that promises more than the file can hold is found before memory is taken.
    """
    check_size(path, size)
    length = path.stat().st_size
    if size > length * (MOST_DEFLATED if path.suffix == ".gz" else 1):
        raise damaged(path, f"header asks for {size} bytes but the file has {length}")
    content = stream.read(size)
    if len(content) < size:
        raise damaged(path, f"header asks for {size} bytes but {len(content)} follow it")
    if stream.read(1):
        raise damaged(path, f"header asks for {size} bytes but more follow it")
    return content
