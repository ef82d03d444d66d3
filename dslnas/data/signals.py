"""Signals with channels and a time: NumPy archives, or CSV files with one signal per row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.data import npz, signal_archive, table
from dslnas.data.examples import DataShape, Examples, Inputs
from dslnas.data.files import path_of
from dslnas.data.table import read_rows, shape_of
from dslnas.diagnostics import user_error
from dslnas.settings.tables import Signals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dslnas.data.array_file import ArrayFile


def known(settings: Signals) -> DataShape | None:
    """Return nothing: other files have other shapes."""
    return None


def shape(settings: Signals) -> DataShape:
    """Return the shape, for which the whole file is read, unless the signals stay in it."""
    path = path_of(settings)
    stored = signal_archive.shape(settings, path) if path.suffix == ".npz" else None
    return stored or shape_of(read(settings), settings.task)


def read(settings: Signals) -> Examples[Inputs] | Examples[ArrayFile]:
    """Return all signals, float32 (N, channels, time), or the array that they stay in."""
    path = path_of(settings)
    if path.suffix == ".npz":
        return signal_archive.read(settings, path)
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
