"""Folders of IDX files, the format of MNIST: a big-endian header, then unsigned bytes."""

from __future__ import annotations

from os.path import isfile
from pathlib import Path
from typing import IO

from dslnas.data.examples import (
    DataShape,
    Examples,
    Inputs,
    Labels,
    check_numbers,
    class_counts,
    examples,
)
from dslnas.data.files import damaged, missing, opened, path_of, read_exactly, required_folder
from dslnas.settings.images import Idx

UNSIGNED_BYTE = 0x08
HOLDS = (
    "train-images-idx3-ubyte and train-labels-idx1-ubyte, and for a test part "
    "t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte; each may end in .gz"
)


def known(settings: Idx) -> DataShape | None:
    """Return nothing: other files have other shapes."""
    return None


def shape(settings: Idx) -> DataShape:
    """Return the shape from the header of the training images and from the training labels."""
    folder = path_of(settings)
    images, labels = _pair(folder, "train")
    has_test = _has_test(folder)
    with opened(images) as stream:
        count, height, width = _header(images, stream, 3)
    numbers = _labels(labels)
    check_numbers(count, len(numbers), "", str(folder))
    counts = class_counts(numbers, str(folder))
    return DataShape((1, height, width), len(counts), has_test, counts)


def read(settings: Idx) -> Examples[Inputs]:
    """Return both parts: images uint8 (N, 1, H, W), classes named by their numbers."""
    folder = path_of(settings)
    train = _part(folder, "train")
    test = _part(folder, "t10k") if _has_test(folder) else None
    return examples(train, test, tuple(class_counts(train[1], str(folder))), str(folder))


def recognises(path: Path) -> bool:
    """Whether images like those of MNIST lie in a folder."""
    return _find(path, "train-images-idx3") is not None


def _has_test(folder: Path) -> bool:
    """Return True if any test file is there, so that a lone one is reported as such."""
    return any(_find(folder, f"t10k-{kind}") for kind in ("images-idx3", "labels-idx1"))


def _part(folder: Path, name: str) -> tuple[Inputs, Labels]:
    images, labels = _pair(folder, name)
    return _images(images), _labels(labels)


def _pair(folder: Path, part: str) -> tuple[Path, Path]:
    required_folder(folder, HOLDS)
    found = []
    for stem in (f"{part}-images-idx3", f"{part}-labels-idx1"):
        path = _find(folder, stem)
        if path is None:
            raise missing(folder, f"{stem}-ubyte", HOLDS)
        found.append(path)
    return found[0], found[1]


def _find(folder: Path, stem: str) -> Path | None:
    dotted = stem.replace("-idx", ".idx")
    names = [f"{s}-ubyte{end}" for s in (stem, dotted) for end in ("", ".gz")]
    return next((folder / name for name in names if isfile(folder / name)), None)


def _images(path: Path) -> Inputs:
    import numpy as np

    with opened(path) as stream:
        count, height, width = _header(path, stream, 3)
        content = read_exactly(path, stream, count * height * width)
    return np.frombuffer(content, np.uint8).reshape(count, 1, height, width)


def _labels(path: Path) -> Labels:
    import numpy as np

    with opened(path) as stream:
        (count,) = _header(path, stream, 1)
        content = read_exactly(path, stream, count)
    return np.frombuffer(content, np.uint8).astype(np.int64)


def _header(path: Path, stream: IO[bytes], dimensions: int) -> list[int]:
    """Return the sizes in the header: two zero bytes, type, number of sizes, 4 bytes for each."""
    magic = int.from_bytes(stream.read(4), "big")
    expected = UNSIGNED_BYTE << 8 | dimensions
    if magic != expected:
        raise damaged(path, f"magic number {magic:#010x} but {expected:#010x} is expected")
    header = stream.read(4 * dimensions)
    if len(header) < 4 * dimensions:
        raise damaged(path, f"header has {4 + len(header)} bytes but needs {4 + 4 * dimensions}")
    sizes = [int.from_bytes(header[i : i + 4], "big") for i in range(0, len(header), 4)]
    if 0 in sizes:
        raise damaged(path, f"header says sizes {sizes} but none may be 0")
    return sizes
