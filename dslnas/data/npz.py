"""NumPy archives with the members x_train, y_train [, x_test, y_test], or x, y. Never unpickles."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from dslnas.data.examples import (
    ALL,
    DataShape,
    Examples,
    Inputs,
    Labels,
    Targets,
    check_numbers,
    class_counts,
    examples,
)
from dslnas.data.files import check_size, damaged, missing, path_of, reading, required_path
from dslnas.diagnostics import user_error
from dslnas.regular import regular
from dslnas.settings.images import Npz
from dslnas.settings.labelled import Goal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Layout: TypeAlias = Literal["NHW", "NHWC", "NCHW"]

HOLDS = "x_train and y_train (and x_test and y_test), or x and y"
FEW = range(1, 5)  # what axis is taken for the channels if the other one cannot be


def known(settings: Npz) -> DataShape | None:
    """Return nothing: other files have other shapes."""
    return None


def shape(settings: Npz) -> DataShape:
    """Return the shape from the header of the training images and from the training labels."""
    path = path_of(settings)
    with open_archive(path) as archive:
        train, test = member_names(path, archive)
        sizes, dtype, *_ = held_header_of(path, archive, train[0])
        count, channels, height, width = _in_order(sizes, _layout(path, train[0], sizes))
        _check_pixels(path, train[0], dtype)
        targets = targets_of(path, archive, train[1], settings.task)
    check_numbers(count, len(targets), "", str(path))
    shape, has_test = (channels, height, width), test is not None
    if settings.task != "classification":
        return DataShape(shape, targets.shape[1], has_test, {ALL: count})
    counts = class_counts(targets, str(path))
    return DataShape(shape, len(counts), has_test, counts)


def read(settings: Npz) -> Examples[Inputs]:
    """Return both parts; classes are named by their numbers.

    Images are uint8 or, for any floating type in the file, float32, (N, C, H, W).
    """
    path = path_of(settings)
    with open_archive(path) as archive:
        names, test_names = member_names(path, archive)
        train = _part(path, archive, names, settings.task)
        test = _part(path, archive, test_names, settings.task) if test_names else None
    has_classes = settings.task == "classification"
    classes = tuple(class_counts(train[1], str(path))) if has_classes else ()
    return examples(train, test, classes, str(path), settings.task)


def recognises(path: Path) -> bool:
    """Whether a file is an archive of arrays by its name."""
    return path.suffix.lower() == ".npz" and isfile(path)


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive; raise NAS601 or NAS603 if there is none."""
    with reading(required_path(path), "npz archive"):
        archive = zipfile.ZipFile(regular(path))
    with archive:
        yield archive


def member_names(
    path: Path, archive: zipfile.ZipFile
) -> tuple[tuple[str, str], tuple[str, str] | None]:
    """Return the names of images and labels of the training part and of the test part."""
    there = {name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")}
    short = there & {"x", "y"} and "x_train" not in there
    train = ("x", "y") if short else ("x_train", "y_train")
    test = ("x_test", "y_test") if there & {"x_test", "y_test"} else None
    for name in (*train, *(test or ())):
        if name not in there:
            raise missing(path, name, HOLDS, "archive")
    return train, test


def _part(
    path: Path, archive: zipfile.ZipFile, names: tuple[str, str], goal: Goal
) -> tuple[Inputs, Targets]:
    return _images(path, archive, names[0]), targets_of(path, archive, names[1], goal)


def _images(path: Path, archive: zipfile.ZipFile, name: str) -> Inputs:
    import numpy as np

    sizes, dtype, *_ = held_header_of(path, archive, name)
    layout = _layout(path, name, sizes)
    _check_pixels(path, name, dtype)
    array = array_of(path, archive, name)
    if layout == "NHW":
        array = array[:, None]
    elif layout == "NHWC":
        array = array.transpose(0, 3, 1, 2)
    if dtype.kind == "u":
        return array
    with np.errstate(over="ignore"):  # becomes infinite, which `examples` reports
        return array.astype(np.float32)


def targets_of(path: Path, archive: zipfile.ZipFile, name: str, goal: Goal) -> Targets:
    """Return what is predicted: classes, or rows of labels or numbers (N, K) as float32."""
    import numpy as np

    sizes, dtype, *_ = held_header_of(path, archive, name)
    if goal == "classification":
        return _labels(path, archive, name)
    if dtype.kind not in "biuf" or len(sizes) not in (1, 2):
        raise user_error(
            "NAS604",
            f"`{name}` holds {dtype} of the shape {sizes} but a {goal} needs numbers (N, K)",
            help="save a row of numbers for every example",
            where=str(path),
        )
    with np.errstate(over="ignore"):  # becomes infinite, which `examples` reports
        return array_of(path, archive, name).astype(np.float32).reshape(sizes[0], -1)


def _labels(path: Path, archive: zipfile.ZipFile, name: str) -> Labels:
    """Return labels stored as whole numbers, (N,) or (N, 1), as int64 (N,)."""
    import numpy as np

    sizes, dtype, *_ = held_header_of(path, archive, name)
    if dtype.kind not in "iu":
        help = "save as int64, or write `task regression` to predict numbers"
        raise damaged(path, f"`{name}` holds {dtype} but labels are whole numbers", help)
    if not (len(sizes) == 1 or (len(sizes) == 2 and sizes[1] == 1)):
        raise user_error(
            "NAS604",
            f"`{name}` has the shape {sizes} but labels have (N,)",
            help="save one class number per image; of one-hot rows take `argmax(1)`, of several "
            "labels write `task multilabel`",
            where=str(path),
        )
    return array_of(path, archive, name).reshape(-1).astype(np.int64)


def _layout(path: Path, name: str, sizes: tuple[int, ...]) -> Layout:
    """Return which axis of images holds the channels; they are few, or the other two equal."""
    if len(sizes) == 3 and all(sizes[1:]):
        return "NHW"
    if len(sizes) == 4 and all(sizes[1:]):
        _, a, b, c = sizes
        last, first = c in FEW, a in FEW
        if last == first:
            last, first = a == b, b == c
        if last != first:
            return "NHWC" if last else "NCHW"
    raise user_error(
        "NAS604",
        f"`{name}` has the shape {sizes}, in which the channels cannot be told",
        help="save images as (N, H, W), (N, H, W, C) or (N, C, H, W), with 1 to 4 channels",
        where=str(path),
    )


def _in_order(sizes: tuple[int, ...], layout: Layout) -> tuple[int, int, int, int]:
    """Return N, C, H, W."""
    if layout == "NHW":
        return sizes[0], 1, sizes[1], sizes[2]
    n, a, b, c = sizes
    return (n, c, a, b) if layout == "NHWC" else (n, a, b, c)


def _check_pixels(path: Path, name: str, dtype: np.dtype[Any]) -> None:
    if dtype.kind != "f" and dtype != "uint8":
        raise damaged(
            path, f"`{name}` holds {dtype} but pixels are uint8 or float", "save as uint8"
        )


class Header(NamedTuple):
    """Facts about an array before it is read.

    Attributes:
        sizes: Its shape.
        dtype: Type of its numbers.
        start: Bytes of the member before them.
        by_columns: Whether they lie there in Fortran's order.
    """

    sizes: tuple[int, ...]
    dtype: np.dtype[Any]
    start: int
    by_columns: bool

    @property
    def nbytes(self) -> int:
        """Bytes of the numbers."""
        return prod(self.sizes) * self.dtype.itemsize


def header_of(path: Path, archive: zipfile.ZipFile, name: str) -> Header:
    """Return the header of a member whose content has the size that follows from it."""
    from numpy.lib import format as npy

    info = archive.getinfo(f"{name}.npy")
    with reading(path, "npz archive"), archive.open(info) as stream:
        if npy.read_magic(stream) == (1, 0):
            sizes, by_columns, dtype = npy.read_array_header_1_0(stream)
        else:
            sizes, by_columns, dtype = npy.read_array_header_2_0(stream)
        found = Header(sizes, dtype, stream.tell(), by_columns)
    if dtype.hasobject:
        raise damaged(path, f"`{name}` is pickled, which is not safe to read", "save plain arrays")
    if min(sizes, default=0) < 0:
        raise damaged(path, f"`{name}` has the shape {sizes}, of which a size is negative")
    left = info.file_size - found.start
    if found.nbytes != left:
        raise damaged(path, f"`{name}` has {left} bytes but its shape {sizes} needs {found.nbytes}")
    return found


def held_header_of(path: Path, archive: zipfile.ZipFile, name: str) -> Header:
    """Return the header of a member that will be held in memory; NAS603 if it is too large."""
    found = header_of(path, archive, name)
    check_size(path, found.nbytes)
    return found


def array_of(path: Path, archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """Return a member; its header has been checked, so memory is only taken for what is there."""
    from numpy.lib import format as npy

    with reading(path, "npz archive"), archive.open(f"{name}.npy") as stream:
        array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
    return array
