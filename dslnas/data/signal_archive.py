"""Signals in a NumPy archive: held in memory, or left in the array that they are stored in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

from dslnas.data.examples import (
    ALL,
    DataShape,
    Examples,
    In,
    Inputs,
    Targets,
    check_numbers,
    class_counts,
    examples,
)
from dslnas.data.files import damaged
from dslnas.data.npz import (
    Header,
    array_of,
    header_of,
    held_header_of,
    member_names,
    open_archive,
    targets_of,
)
from dslnas.data.streaming import is_streamed
from dslnas.diagnostics import user_error
from dslnas.settings.labelled import Goal
from dslnas.settings.tables import Signals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dslnas.data.array_file import ArrayFile

NUMBER_BYTES = 4
"""Bytes of a number of a signal in memory, float32."""


def shape(settings: Signals, path: Path) -> DataShape | None:
    """Return the shape, for which no signal is read; None if they are held, and all are read."""
    with open_archive(path) as archive:
        names, test = member_names(path, archive)
        headers = {pair[0]: _header(path, archive, pair[0]) for pair in (names, test) if pair}
        if not _places(settings, path, archive, headers)[0]:
            return None
        targets = targets_of(path, archive, names[1], settings.task)
    count, *each = headers[names[0]].sizes
    check_numbers(count, len(targets), "", str(path), "signal")
    outputs = _outputs(targets, path, settings.task)
    counts = outputs if settings.task == "classification" else {ALL: count}
    return DataShape((*[1] * (2 - len(each)), *each), len(outputs), test is not None, counts)


def read(settings: Signals, path: Path) -> Examples[Inputs] | Examples[ArrayFile]:
    """Return all signals, float32 (N, channels, time), or the array that they stay in."""
    goal = settings.task
    with open_archive(path) as archive:
        parts = [names for names in member_names(path, archive) if names]
        headers = {names[0]: _header(path, archive, names[0]) for names in parts}
        targets = [targets_of(path, archive, names[1], goal) for names in parts]
        places, notes = _places(settings, path, archive, headers)
        if places:
            from dslnas.data.array_file import surveyed

            stored = [
                surveyed(path, archive, name, headers[name], place)
                for name, place in places.items()
            ]
            return _made(stored, targets, notes, path, goal)
        held = [_held(path, archive, name) for name in headers]
    return _made(held, targets, notes, path, goal)


def _made(
    inputs: Sequence[In],
    targets: Sequence[Targets],
    notes: tuple[str, ...],
    path: Path,
    goal: Goal,
) -> Examples[In]:
    train, *tests = zip(inputs, targets, strict=True)
    outputs = _outputs(targets[0], path, goal)
    made = examples(train, tests[0] if tests else None, tuple(outputs), str(path), goal)
    return replace(made, notes=notes)


def _outputs(targets: Targets, path: Path, goal: Goal) -> Mapping[str, int]:
    """Return the names of the outputs, with the examples of each if they are classes."""
    if goal == "classification":
        return class_counts(targets, str(path))
    return {str(number): len(targets) for number in range(targets.shape[1])}


def _header(path: Path, archive: ZipFile, name: str) -> Header:
    header = header_of(path, archive, name)
    if len(header.sizes) not in (2, 3) or not all(header.sizes[1:]):
        raise user_error(
            "NAS604",
            f"`{name}` has the shape {header.sizes} but signals have (N, channels, time) or "
            "(N, time)",
            help="images are read by `data npz`",
            where=str(path),
        )
    if header.dtype.kind not in "iuf":
        message = f"`{name}` holds {header.dtype} but signals are numbers"
        raise damaged(path, message, "save as float32")
    return header


def _places(
    settings: Signals, path: Path, archive: ZipFile, headers: Mapping[str, Header]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return where signals lie that stay in the file, none if they are held, and what is told.

    Raises NAS614 if they cannot stay there, as they have to.
    """
    from dslnas.data.array_file import place_in

    held = NUMBER_BYTES * sum(prod(header.sizes) for header in headers.values())
    if not is_streamed(settings.stream, held):
        return {}, ()
    found = {name: place_in(path, archive, name, header) for name, header in headers.items()}
    places = {name: place for name, place in found.items() if place is not None}
    if len(places) == len(found):
        count = sum(header.sizes[0] for header in headers.values())
        return places, (f"{count:,} signals stay in the file, and are read while networks train",)
    message = "rows of a compressed array, or of one in Fortran's order, cannot be read one by one"
    help = "save it by `numpy.savez`"
    if settings.stream == "always":
        raise user_error(
            "NAS614", message, where=str(path), help=f"{help}, or leave `stream always` out"
        )
    return {}, (f"signals are held in memory: {message}; {help}",)


def _held(path: Path, archive: ZipFile, name: str) -> NDArray[np.float32]:
    import numpy as np

    header = held_header_of(path, archive, name)
    with np.errstate(over="ignore"):  # becomes infinite, which `examples` reports
        signals = array_of(path, archive, name).astype(np.float32)
    return signals.reshape(len(signals), -1, header.sizes[-1])
