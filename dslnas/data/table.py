"""Tables: a row of numbers per example, with what is predicted in some of the columns."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import isdir, isfile
from pathlib import Path

from dslnas.data.columns import Columns, read_columns, targets_in
from dslnas.data.examples import DataShape, Examples, Inputs, Stored, counts_of, examples
from dslnas.data.files import missing, path_of, required_path
from dslnas.diagnostics import user_error
from dslnas.settings.labelled import Goal
from dslnas.settings.tables import Signals, Table

ENDINGS = (".csv", ".tsv", ".txt", ".parquet")
HOLDS = "train.csv and test.csv, or the same as .parquet"


def known(settings: Table) -> DataShape | None:
    """Return nothing: other files have other shapes."""
    return None


def shape(settings: Table) -> DataShape:
    """Return the shape, for which the whole table is read."""
    return shape_of(read(settings), settings.task)


def shape_of(found: Examples[Inputs | Stored], goal: Goal) -> DataShape:
    """Return the shape of examples that were read."""
    outputs = len(found.class_names)
    has_test = found.test_inputs is not None
    return DataShape(found.inputs.shape[1:], outputs, has_test, counts_of(found, goal))


def read(settings: Table) -> Examples[Inputs]:
    """Return all rows: numbers float32 (N, F), the columns that are predicted left out."""
    return read_rows(settings, path_of(settings))


def read_rows(settings: Table | Signals, path: Path) -> Examples[Inputs]:
    """Return the rows of a file, or of the train and test files of a folder."""
    train_path, test_path = _files(required_path(path))
    table = read_columns(train_path)
    targets = settings.target or (list(table.values)[-1],)
    table.without(targets, "`target`")
    names = table.without((*targets, *settings.ignore), "`ignore`")
    if not names:
        raise user_error("NAS604", "no column is left to read", where=str(path))
    if settings.task == "classification" and len(targets) > 1:
        raise user_error(
            "NAS604",
            f"`target` names {len(targets)} columns, and a class is one",
            help="write `task multilabel` or `task regression`, or name one column",
            where=str(path),
        )
    has_classes = settings.task == "classification"
    outputs = table.classes(targets[0]) if has_classes else tuple(targets)
    parts = [
        (one.numbers(names), targets_in(one, targets, settings.task, outputs))
        for one in _tables(table, test_path, (*names, *targets))
    ]
    test = parts[1] if len(parts) > 1 else None
    return examples(parts[0], test, outputs, str(path), settings.task)


def training_columns(path: Path) -> Columns:
    """Return the columns of a file, or of the train file of a folder."""
    return read_columns(_files(path)[0])


def recognises(path: Path) -> bool:
    """Whether a file is a table by its name, or a folder holds one for training."""
    if isdir(path):
        return any(isfile(path / f"train{end}") for end in ENDINGS if end != ".txt")
    return path.suffix.lower() in ENDINGS


def _tables(table: Columns, test_path: Path | None, names: Sequence[str]) -> list[Columns]:
    """Return the table and, if there is one, that of the test part, which has the same columns."""
    if test_path is None:
        return [table]
    test = read_columns(test_path)
    test.without(names, "the training part")
    return [table, test]


def _files(path: Path) -> tuple[Path, Path | None]:
    """Return the file of the training part and that of the test part, if there is one."""
    if not isdir(path):
        return path, None
    found = {
        stem: next(
            (path / f"{stem}{end}" for end in ENDINGS if isfile(path / f"{stem}{end}")), None
        )
        for stem in ("train", "test")
    }
    if found["train"] is None:
        raise missing(path, "train.csv", HOLDS)
    return found["train"], found["test"]
