"""Signals with channels and a time: NumPy archives, or CSV files with one signal per row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

from dslnas.data import npz, table
from dslnas.data.examples import DataShape, Examples, Inputs, Targets, class_counts, examples
from dslnas.data.files import damaged, path_of
from dslnas.data.npz import array_of, header_of, member_names, open_archive, targets_of
from dslnas.data.table import read_rows, shape_of
from dslnas.diagnostics import user_error
from dslnas.settings.data import Goal, Signals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def known(settings: Signals) -> DataShape | None:
    """Return nothing: other files have other shapes."""
    return None


def shape(settings: Signals) -> DataShape:
    """Return the shape, for which the whole file is read."""
    return shape_of(read(settings), settings.task)


def read(settings: Signals) -> Examples[Inputs]:
    """Return all signals, float32 (N, channels, time)."""
    path = path_of(settings)
    if path.suffix == ".npz":
        return _archived(path, settings.task)
    found = read_rows(settings, path)
    test = None if found.test_inputs is None else _in_channels(found.test_inputs, settings, path)
    return replace(found, inputs=_in_channels(found.inputs, settings, path), test_inputs=test)


def recognises(path: Path) -> bool:
    """Whether a file is by its name one of those in which signals are kept."""
    return npz.recognises(path) or table.recognises(path)


def _in_channels(rows: Inputs, settings: Signals, path: Path) -> NDArray[np.float32]:
    """Return rows (N, F) with an axis of channels."""
    import numpy as np

    numbers = rows.shape[1]
    if numbers % settings.channels:
        raise user_error(
            "NAS604",
            f"{numbers} numbers of a row are no equal parts for {settings.channels} channels",
            help="leave columns out by `ignore`, or give another number of `channels`",
            where=str(path),
        )
    return rows.reshape(len(rows), settings.channels, -1).astype(np.float32)


def _archived(path: Path, goal: Goal) -> Examples[Inputs]:
    with open_archive(path) as archive:
        names, test_names = member_names(path, archive)
        train = _part(path, archive, names, goal)
        test = _part(path, archive, test_names, goal) if test_names else None
    if goal == "classification":
        outputs = tuple(class_counts(train[1], str(path)))
    else:
        outputs = tuple(str(number) for number in range(train[1].shape[1]))
    return examples(train, test, outputs, str(path), goal)


def _part(
    path: Path, archive: ZipFile, names: tuple[str, str], goal: Goal
) -> tuple[Inputs, Targets]:
    import numpy as np

    sizes, dtype = header_of(path, archive, names[0])
    if len(sizes) not in (2, 3) or not all(sizes[1:]):
        raise user_error(
            "NAS604",
            f"`{names[0]}` has the shape {sizes} but signals have (N, channels, time) or (N, time)",
            help="images are read by `data npz`",
            where=str(path),
        )
    if dtype.kind not in "iuf":
        raise damaged(
            path, f"`{names[0]}` holds {dtype} but signals are numbers", "save as float32"
        )
    with np.errstate(over="ignore"):  # becomes infinite, which `examples` reports
        signals = array_of(path, archive, names[0]).astype(np.float32)
    signals = signals.reshape(len(signals), -1, sizes[-1])
    return signals, targets_of(path, archive, names[1], goal)
