import os
from pathlib import Path
from typing import IO, cast

import numpy as np
import pytest

from dslnas.data import cifar10
from dslnas.settings.images import Cifar10
from tests.data.made import error, real, write_cifar10


def at(path: Path) -> Cifar10:
    """Return the settings of data that lie there."""
    return Cifar10(path=str(path))


HOLDS = (
    "the folder should hold CIFAR-10's binary version: data_batch_1.bin (to 5) and test_batch.bin"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_cifar10(tmp_path, "data_batch_1.bin", 20, seed=1)
    write_cifar10(tmp_path, "data_batch_3.bin", 10, seed=3)
    write_cifar10(tmp_path, "test_batch.bin", 10, seed=9)
    return tmp_path


def test_the_batches_that_are_there_are_joined_in_order(folder: Path) -> None:
    examples = cifar10.read(at(folder))
    rows = np.concatenate(
        [
            write_cifar10(folder, "data_batch_1.bin", 20, seed=1),
            write_cifar10(folder, "data_batch_3.bin", 10, seed=3),
        ]
    )
    assert examples.inputs.shape == (30, 3, 32, 32)
    np.testing.assert_array_equal(examples.targets, rows[:, 0])
    # Row 5: label, then 1024 bytes of red, of green, of blue, each row by row.
    assert examples.inputs[5, 2, 3, 4] == rows[5, 1 + 2 * 1024 + 3 * 32 + 4]
    assert examples.test_inputs is not None
    assert len(examples.test_inputs) == 10
    assert examples.class_names[:2] == ("airplane", "automobile")


@pytest.mark.parametrize(
    ("gone", "named"),
    [("data_batch_*.bin", "data_batch_1.bin"), ("test_batch.bin", "test_batch.bin")],
)
def test_a_file_is_missing(folder: Path, gone: str, named: str) -> None:
    for path in folder.glob(gone):
        path.unlink()
    expected = ("NAS602", f"`{named}` is missing in the folder", HOLDS)
    assert error(lambda: cifar10.read(at(folder)), folder) == expected
    assert error(lambda: cifar10.shape(at(folder)), folder) == expected


@pytest.mark.parametrize("size", [0, 3072, 3074])
def test_a_file_is_not_made_of_rows(folder: Path, size: int) -> None:
    path = folder / "data_batch_3.bin"
    path.write_bytes(bytes(size))
    expected = (
        "NAS603",
        f"{size} bytes are not a multiple of 3073 above 0",
        "fetch or write the file again",
    )
    assert error(lambda: cifar10.read(at(folder)), path) == expected
    assert error(lambda: cifar10.shape(at(folder)), path) == expected


def test_a_file_that_shrinks_while_it_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "data_batch_3.bin"
    opened = Path.open

    def shrinking(self: Path, mode: str) -> IO[bytes]:
        if self == path:
            os.truncate(path, 3073)
        return cast(IO[bytes], opened(self, mode))

    monkeypatch.setattr(Path, "open", shrinking)
    assert error(lambda: cifar10.read(at(folder)), path) == (
        "NAS603",
        "file is cut short",
        "fetch or write the file again",
    )


@pytest.mark.parametrize(("name", "part"), [("data_batch_1.bin", ""), ("test_batch.bin", "test ")])
def test_a_label_is_above_nine(folder: Path, name: str, part: str) -> None:
    (folder / name).write_bytes(b"\x0a" + bytes(3072))
    code, message, _ = error(lambda: cifar10.read(at(folder)), folder)
    assert (code, message) == ("NAS609", f"{part}label 10 is not one of the 10 classes 0 to 9")


def test_real_cifar10(shared: Path) -> None:
    examples = cifar10.read(at(real(shared, "cifar-10-batches-bin")))
    assert examples.inputs.shape[1:] == (3, 32, 32)
    assert examples.test_targets is not None
    assert np.bincount(examples.test_targets).tolist() == [1000] * 10
    # The well-known means of the whole training set, which two of its five batches approach.
    means = examples.inputs.mean((0, 2, 3)) / 255
    np.testing.assert_allclose(means, [0.4914, 0.4822, 0.4465], atol=0.005)
