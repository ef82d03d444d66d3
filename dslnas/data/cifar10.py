"""CIFAR-10, binary version: files of rows of one label byte and 3 x 32 x 32 pixel bytes."""

from __future__ import annotations

from dataclasses import replace
from os.path import isfile
from pathlib import Path

from dslnas.data.examples import DataShape, Examples, Inputs, Labels, examples
from dslnas.data.files import check_size, damaged, missing, path_of, reading, required_folder
from dslnas.regular import regular
from dslnas.settings.images import Cifar10

CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
ROW_BYTES = 1 + 3 * 32 * 32
BATCHES, EACH = 5, 10_000
KNOWN = DataShape(
    (3, 32, 32), 10, has_test=True, counts=dict.fromkeys(CLASSES, BATCHES * EACH // len(CLASSES))
)
HOLDS = "CIFAR-10's binary version: data_batch_1.bin (to 5) and test_batch.bin"


def known(settings: Cifar10) -> DataShape | None:
    """Return the shape, which is always the same."""
    return KNOWN


def shape(settings: Cifar10) -> DataShape:
    """Return the shape after a look at names and sizes of the files."""
    *train, _ = _files(path_of(settings))
    is_whole = [path.stat().st_size for path in train] == [EACH * ROW_BYTES] * BATCHES
    return KNOWN if is_whole else replace(KNOWN, counts={})


def read(settings: Cifar10) -> Examples[Inputs]:
    """Return all training batches that are there, in the order of their names, and the test batch.

    Images are uint8 (N, 3, 32, 32).
    """
    folder = path_of(settings)
    *train, test = _files(folder)
    return examples(_rows(train), _rows([test]), CLASSES, str(folder))


def recognises(path: Path) -> bool:
    """Whether batches of CIFAR-10 lie in a folder; those for Python are refused by `read`."""
    return any(path.glob("data_batch_1*"))


def _files(folder: Path) -> list[Path]:
    """Return the training batches and, last, the test batch."""
    required_folder(folder, HOLDS)
    train = sorted(folder.glob("data_batch_*.bin"))
    test = folder / "test_batch.bin"
    if not train:
        raise missing(folder, "data_batch_1.bin", HOLDS)
    if not isfile(test):
        raise missing(folder, test.name, HOLDS)
    for path in (*train, test):
        with reading(path, "file"):
            size = path.stat().st_size
        if size == 0 or size % ROW_BYTES:
            raise damaged(path, f"{size} bytes are not a multiple of {ROW_BYTES} above 0")
    return [*train, test]


def _rows(paths: list[Path]) -> tuple[Inputs, Labels]:
    import numpy as np

    sizes = [path.stat().st_size for path in paths]
    check_size(paths[0].parent, sum(sizes))
    content = np.empty(sum(sizes), np.uint8)
    for path, place in zip(paths, np.split(content, np.cumsum(sizes)[:-1]), strict=True):
        with reading(path, "file"), regular(path).open("rb") as stream:
            if stream.readinto(place.data) < len(place):
                raise EOFError
    rows = content.reshape(-1, ROW_BYTES)
    return rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0].astype(np.int64)
