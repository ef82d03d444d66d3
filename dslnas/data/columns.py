"""Tables by column: CSV files, and Parquet with pyarrow, which is an optional package."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.data.examples import Targets
from dslnas.data.files import csv_rows, damaged, read_text, reading
from dslnas.diagnostics import user_error
from dslnas.regular import regular
from dslnas.settings.labelled import Goal
from dslnas.spelling import suggestion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEPARATORS = ",;\t|"

_MOST = 3.4028234e38
"""The largest number that has 32 bits."""


@dataclass(frozen=True)
class Columns:
    """A table.

    Attributes:
        path: Its file.
        values: Contents of each column, as text, by its name.
        first: Number of the line of the first row.
    """

    path: Path
    values: Mapping[str, Sequence[str]]
    first: int

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.values.values()), ()))

    def numbers(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Return some columns as finite numbers (N, F); NAS603 for the first other value."""
        import numpy as np

        found = np.empty((len(self), len(names)), np.float32)
        for place, name in enumerate(names):
            try:
                values = np.asarray(self.values[name], np.str_).astype(np.float64)
            except ValueError:
                raise self._no_number(name) from None
            if not (np.abs(values) <= _MOST).all():
                raise self._no_number(name)
            found[:, place] = values
        return found

    def _no_number(self, name: str) -> Exception:
        for line, text in enumerate(self.values[name], self.first):
            what = _fault(text)
            if what:
                help = f'write a number there, or leave the column out: `ignore "{name}"`'
                return damaged(self.path, f"line {line}, column `{name}`: {what}", help)
        return damaged(self.path, f"column `{name}` holds no numbers")

    def without(self, names: Sequence[str], what: str) -> list[str]:
        """Return the other columns; raise NAS604 for a name that the table has not."""
        for name in names:
            if name not in self.values:
                raise user_error(
                    "NAS604",
                    f"there is no column `{name}`, which {what} names",
                    help=suggestion(name, self.values),
                    where=str(self.path),
                )
        return [name for name in self.values if name not in names]

    def classes(self, name: str) -> tuple[str, ...]:
        """Return the different values of a column in their order; numbers by their value."""
        found = set(self.values[name])
        try:
            return tuple(sorted(found, key=float))
        except ValueError:
            return tuple(sorted(found))


def read_columns(path: Path) -> Columns:
    """Return a CSV or Parquet file; raise NAS603 if it is damaged, NAS608 without pyarrow."""
    columns = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
    if not len(columns):
        raise user_error("NAS606", "there are no rows", where=str(path))
    return columns


def targets_in(
    columns: Columns, names: Sequence[str], goal: Goal, classes: Sequence[str]
) -> Targets:
    """Return what is predicted; raise NAS609 for a class that the training part has not."""
    import numpy as np

    if goal != "classification":
        return columns.numbers(names)
    numbers = {name: number for number, name in enumerate(classes)}
    unknown = next((v for v in columns.values[names[0]] if v not in numbers), None)
    if unknown is not None:
        raise user_error(
            "NAS609",
            f"class `{unknown}` is in the test part but not in the training part",
            help="both parts need the same classes",
            where=str(columns.path),
        )
    return np.array([numbers[v] for v in columns.values[names[0]]], np.int64)


def _csv(path: Path) -> Columns:
    text = read_text(path)
    with reading(path, "file"):
        head = text.partition("\n")[0]
        separator = max(SEPARATORS, key=head.count)
        rows = [row for row in csv_rows(path, StringIO(text), separator) if row]
    if not rows:
        raise user_error("NAS606", "there are no rows", where=str(path))
    has_header = _is_header(rows[0], rows[1] if len(rows) > 1 else [])
    names = rows[0] if has_header else [str(place) for place in range(1, len(rows[0]) + 1)]
    names = [name.strip() for name in names]
    if len(set(names)) < len(names):
        raise damaged(path, "two columns have the same name", "rename one of them")
    body = rows[1:] if has_header else rows
    for line, row in enumerate(body, 1 + has_header):
        if len(row) != len(names):
            raise damaged(
                path,
                f"line {line} has {len(row)} values but there are {len(names)} columns",
                f"write one value for each; they are separated by `{separator!r}`",
            )
    columns = ([value.strip() for value in column] for column in zip(*body, strict=True))
    return Columns(path, dict(zip(names, columns, strict=False)), 1 + has_header)


def _is_header(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether a row is one of names: one stands above a number, or none of it is a number."""
    numbers = list(map(is_number, first))
    pairs = zip(numbers, map(is_number, second), strict=False)
    return not any(numbers) or any(below and not above for above, below in pairs)


def is_number(text: str) -> bool:
    """Whether a value of a table is read as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _fault(text: str) -> str:
    """Say why a value of a table cannot be taken for a number; "" where it can."""
    if not text.strip():
        return "a value is missing"
    if not is_number(text):
        return f"`{text}` is no number"
    if not math.isfinite(float(text)):
        return f"`{text}` is no finite number"
    return f"`{text}` is too large" if abs(float(text)) > _MOST else ""


def _parquet(path: Path) -> Columns:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise user_error(
            "NAS608",
            "to read Parquet files pyarrow is needed",
            help="pip install dslnas[parquet]",
            where="data",
        ) from error
    with reading(path, "Parquet file"):
        table = parquet.read_table(regular(path))
        values = {
            name: ["" if value is None else str(value) for value in column.to_pylist()]
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    return Columns(path, values, 1)
