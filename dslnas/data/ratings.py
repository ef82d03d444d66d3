"""Ratings of items by users, one a line, as MovieLens and others distribute them. Without torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from dslnas.data.files import csv_rows, damaged, path_of, read_text, reading, required_path
from dslnas.diagnostics import user_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dslnas.settings.ratings import RatingFile

# Quoted because NumPy is imported when a file is opened.
Codes: TypeAlias = "NDArray[np.int64]"
Values: TypeAlias = "NDArray[np.float64]"

RATING = "rating"
"""Heading of the column of ratings in a file that has headings."""

SEPARATORS = ("\t", "::", ",", ";")
"""Separators of the columns, in the order in which they are looked for."""


USUAL_NAMES = ("u.data", "ratings.dat", "ratings.csv")
"""Names of files of ratings, as MovieLens has them."""

ENDINGS = (".data", ".dat", ".csv", ".tsv", ".txt")


@dataclass(frozen=True)
class Ratings:
    """Ratings as they were read.

    Attributes:
        codes: By the name of an input, such as `user`, whose rating each is: a place in `names`.
        names: By the name of an input the users, items or others as the file names them.
        values: The ratings, in their own unit.
    """

    codes: Mapping[str, Codes]
    names: Mapping[str, tuple[str, ...]]
    values: Values


def read_file(settings: RatingFile) -> Ratings:
    """Return the ratings of a file; the same file is read once.

    Raises:
        UserError: NAS601, NAS602, NAS605 there is no file; NAS603 a line is not as it should be;
            NAS606 there are no ratings; NAS610 no UTF-8.
    """
    path = required_path(path_of(settings))
    if not isfile(path):
        help = "give the file itself, such as `u.data`, `ratings.dat` or `ratings.csv`"
        raise user_error("NAS602", "not a file", help=help, where=str(path))
    with reading(path, "file"):
        stat = path.stat()
    return _read(path, settings.inputs, (stat.st_mtime_ns, stat.st_size))


def is_usual(path: Path) -> bool:
    """Whether a file has a name that ratings are published by."""
    return path.name in USUAL_NAMES and isfile(path)


def recognises(path: Path) -> bool:
    """Whether a file may hold ratings, by its name."""
    return path.suffix.lower() in ENDINGS and isfile(path)


@lru_cache(maxsize=1)
def _read(path: Path, inputs: tuple[str, ...], version: tuple[int, int]) -> Ratings:
    import numpy as np

    numbers: dict[str, dict[str, int]] = {name: {} for name in inputs}
    codes: dict[str, list[int]] = {name: [] for name in inputs}
    values: list[float] = []
    lines = _lines(read_text(path))
    with reading(path, "file"):
        for line, fields in _rows(path, lines, inputs):
            for name, text in zip(inputs, fields, strict=False):
                known = numbers[name]
                codes[name].append(known.setdefault(text, len(known)))
            values.append(_rating(path, line, fields[-1]))
    if not values:
        raise user_error("NAS606", "there are no ratings", where=str(path))
    return Ratings(
        {name: np.array(codes[name]) for name in inputs},
        {name: tuple(numbers[name]) for name in inputs},
        np.array(values),
    )


def _lines(text: str) -> Iterator[str]:
    """Yield line by line, which takes less memory than a list of all of them."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _rows(
    path: Path, stream: Iterator[str], inputs: Sequence[str]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of every line with ratings, the columns of the inputs and the rating."""
    first = next(stream, "").rstrip("\r\n")
    separator = next((each for each in SEPARATORS if each in first), "")
    places = [*range(len(inputs) + 1)]
    if not separator:
        shown = " <tab> ".join((*inputs, RATING))
        help = f"a line is `{shown}`; `::`, commas and semicolons may stand between them too"
        raise damaged(path, "first line has only one column", help)
    headings = [text.strip().strip('"').lower() for text in first.split(separator)]
    if RATING in headings[len(inputs) :]:
        places[-1] = headings.index(RATING)
    else:
        yield from _taken(path, 1, [first], separator, places, inputs)
    yield from _taken(path, 2, stream, separator, places, inputs)


def _columns(path: Path, start: int, lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    """Yield the columns of every line; only a CSV has quotes."""
    if separator in (",", ";"):
        return csv_rows(path, lines, separator, start)
    return (line.rstrip("\r\n").split(separator) for line in lines)


def _taken(
    path: Path,
    start: int,
    lines: Iterable[str],
    separator: str,
    places: Sequence[int],
    inputs: Sequence[str],
) -> Iterator[tuple[int, list[str]]]:
    """Yield the columns that are read of every line that is not empty."""
    for line, fields in enumerate(_columns(path, start, lines, separator), start):
        if not any(fields):
            continue
        if len(fields) <= max(places):
            needed = ", ".join((*inputs, RATING))
            message = f"line {line} has {len(fields)} columns, needs {needed}"
            raise damaged(path, message, "`inputs` says what stands in front of the rating")
        yield line, [fields[place].strip() for place in places]


def _rating(path: Path, line: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        message = f"rating in line {line} is no number: `{text[:40]}`"
        raise damaged(path, message, f"a file with headings calls its column `{RATING}`")
    return value
