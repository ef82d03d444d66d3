"""Small data sets in every format, written by plain code that shares nothing with the readers."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dslnas.data.batches import Part
from dslnas.data.stream import StreamPart
from dslnas.data.tensor_part import TensorPart
from dslnas.diagnostics import UserError


def real(shared: Path, name: str) -> Path:
    """Return the folder of a real data set, or skip the test."""
    folder = shared / "data" / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    return folder


def images_of(part: Part) -> TensorPart:
    assert isinstance(part, TensorPart)
    return part


def text_of(part: Part) -> StreamPart:
    assert isinstance(part, StreamPart)
    return part


def pixels(*shape: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def labels(count: int, classes: int) -> NDArray[np.int64]:
    return np.arange(count) % classes


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def write_idx(
    folder: Path, part: str, images: NDArray[np.uint8], numbers: NDArray[np.int64], end: str = ""
) -> Path:
    """Write one part of an IDX folder; `end` may be ".gz"."""
    folder.mkdir(exist_ok=True)
    for stem, array in (("images-idx3", images), ("labels-idx1", numbers.astype(np.uint8))):
        content = idx_bytes(array)
        packed = gzip.compress(content) if end else content
        (folder / f"{part}-{stem}-ubyte{end}").write_bytes(packed)
    return folder


def write_cifar10(folder: Path, name: str, count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Write one batch file and return its rows."""
    folder.mkdir(exist_ok=True)
    rows = pixels(count, 3073, seed=seed)
    rows[:, 0] = labels(count, 10)
    (folder / name).write_bytes(rows.tobytes())
    return rows


def write_images(folder: Path, classes: dict[str, int], size: tuple[int, int] = (6, 5)) -> Path:
    """Write PNG files of one colour, in folders of the classes' names; `size` is (W, H)."""
    for number, (name, count) in enumerate(classes.items()):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            Image.new("RGB", size, (number, i, 255)).save(folder / name / f"{i}.png")
    return folder


def error(call: Callable[[], object], where: Path | str) -> tuple[str, str, str]:
    """Return code, message and help of the one error that `call` raises about `where`."""
    with pytest.raises(UserError) as caught:
        call()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.where == str(where)
    assert diagnostic.message[0].islower() or diagnostic.message[0] in "`0123456789"
    assert not diagnostic.message.endswith(".")
    return diagnostic.code, diagnostic.message, diagnostic.help
