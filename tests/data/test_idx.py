import gzip
from pathlib import Path

import numpy as np
import pytest

from dslnas.data import idx
from dslnas.settings.images import Idx
from tests.data.made import error, idx_bytes, labels, pixels, real, write_idx


def at(path: Path) -> Idx:
    """Return the settings of data that lie there."""
    return Idx(path=str(path))


HOLDS = (
    "the folder should hold train-images-idx3-ubyte and train-labels-idx1-ubyte, and for a test "
    "part t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte; each may end in .gz"
)
IMAGES = "train-images-idx3-ubyte"
LABELS = "train-labels-idx1-ubyte"
FETCH = "fetch or write the file again"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_idx(tmp_path / "set", "train", pixels(6, 5, 4), labels(6, 3))


@pytest.mark.parametrize("end", ["", ".gz"])
def test_both_parts_are_read(tmp_path: Path, end: str) -> None:
    write_idx(tmp_path, "train", pixels(6, 5, 4), labels(6, 3), end)
    write_idx(tmp_path, "t10k", pixels(3, 5, 4, seed=1), labels(3, 2), end)
    examples = idx.read(at(tmp_path))
    np.testing.assert_array_equal(examples.inputs, pixels(6, 5, 4)[:, None])
    np.testing.assert_array_equal(examples.targets, labels(6, 3))
    assert examples.test_inputs is not None
    np.testing.assert_array_equal(examples.test_inputs, pixels(3, 5, 4, seed=1)[:, None])
    assert examples.class_names == ("0", "1", "2")
    assert examples.targets.dtype == np.int64


@pytest.mark.parametrize("end", ["", ".gz"])
def test_dotted_names_are_read(folder: Path, end: str) -> None:
    for name in (IMAGES, LABELS):
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        dotted = folder / (name.replace("-idx", ".idx") + end)
        dotted.write_bytes(gzip.compress(content) if end else content)
    examples = idx.read(at(folder))
    np.testing.assert_array_equal(examples.inputs, pixels(6, 5, 4)[:, None])
    assert examples.test_inputs is None


@pytest.mark.parametrize("name", [IMAGES, LABELS])
def test_a_training_file_is_missing(folder: Path, name: str) -> None:
    (folder / name).unlink()
    expected = ("NAS602", f"`{name}` is missing in the folder", HOLDS)
    assert error(lambda: idx.read(at(folder)), folder) == expected
    assert error(lambda: idx.shape(at(folder)), folder) == expected


def test_half_a_test_part_is_not_taken_for_none(folder: Path) -> None:
    write_idx(folder, "t10k", pixels(3, 5, 4), labels(3, 2))
    (folder / "t10k-images-idx3-ubyte").unlink()
    expected = ("NAS602", "`t10k-images-idx3-ubyte` is missing in the folder", HOLDS)
    assert error(lambda: idx.read(at(folder)), folder) == expected


BAD_IMAGES = [
    (b"", "magic number 0x00000000 but 0x00000803 is expected"),
    (b"PK\3\4", "magic number 0x504b0304 but 0x00000803 is expected"),
    (idx_bytes(pixels(6)), "magic number 0x00000801 but 0x00000803 is expected"),
    (idx_bytes(pixels(6, 5, 4))[:14], "header has 14 bytes but needs 16"),
    (idx_bytes(pixels(0, 5, 4)), "header says sizes [0, 5, 4] but none may be 0"),
    (idx_bytes(pixels(6, 5, 4))[:-1], "header asks for 120 bytes but 119 follow it"),
    (idx_bytes(pixels(6, 5, 4)) + b"x", "header asks for 120 bytes but more follow it"),
    (
        bytes([0, 0, 8, 3]) + b"\0\1\0\0\0\0\1\0\0\0\1\0",
        "header asks for 4294967296 bytes but the file has 16",
    ),
    (
        bytes([0, 0, 8, 3]) + b"\xff" * 12,
        f"{0xFFFFFFFF**3} bytes of content but at most 8589934592 are read",
    ),
]


@pytest.mark.parametrize(("content", "message"), BAD_IMAGES)
def test_images_are_damaged(folder: Path, content: bytes, message: str) -> None:
    (folder / IMAGES).write_bytes(content)
    code, found, help = error(lambda: idx.read(at(folder)), folder / IMAGES)
    assert (code, found) == ("NAS603", message)
    assert help == ("use smaller images or fewer of them" if "at most" in message else FETCH)


def test_labels_are_damaged(folder: Path) -> None:
    (folder / LABELS).write_bytes((folder / IMAGES).read_bytes())
    message = "magic number 0x00000803 but 0x00000801 is expected"
    assert error(lambda: idx.shape(at(folder)), folder / LABELS) == (
        "NAS603",
        message,
        FETCH,
    )


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (slice(0, -9), "gzip file is cut short"),
        (slice(5, None), "damaged gzip file"),
        (slice(0, 0), "magic number 0x00000000 but 0x00000803 is expected"),
    ],
)
def test_gzip_files_are_damaged(folder: Path, cut: slice, message: str) -> None:
    path = folder / f"{IMAGES}.gz"
    path.write_bytes(gzip.compress(idx_bytes(pixels(600, 5, 4)))[cut])
    (folder / IMAGES).unlink()
    assert error(lambda: idx.read(at(folder)), path) == ("NAS603", message, FETCH)


def test_a_gzip_bomb_is_found_before_it_is_unpacked(folder: Path) -> None:
    path = folder / f"{IMAGES}.gz"
    path.write_bytes(gzip.compress(bytes([0, 0, 8, 3, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0])))
    (folder / IMAGES).unlink()
    size = path.stat().st_size
    message = f"header asks for 4294967296 bytes but the file has {size}"
    assert error(lambda: idx.read(at(folder)), path) == ("NAS603", message, FETCH)


def test_a_folder_in_place_of_a_file_is_missing(folder: Path) -> None:
    (folder / IMAGES).unlink()
    (folder / IMAGES).mkdir()
    assert error(lambda: idx.read(at(folder)), folder)[:2] == (
        "NAS602",
        f"`{IMAGES}` is missing in the folder",
    )


def test_images_and_labels_differ_in_number(folder: Path) -> None:
    (folder / LABELS).write_bytes(idx_bytes(labels(5, 3).astype(np.uint8)))
    expected = (
        "NAS604",
        "6 images but 5 labels",
        "every image needs exactly one label, in the same order",
    )
    assert error(lambda: idx.read(at(folder)), folder) == expected
    assert error(lambda: idx.shape(at(folder)), folder) == expected


def test_test_images_have_another_size(folder: Path) -> None:
    write_idx(folder, "t10k", pixels(3, 4, 5), labels(3, 2))
    assert error(lambda: idx.read(at(folder)), folder) == (
        "NAS604",
        "test images are uint8 1x4x5 but training images are uint8 1x5x4",
        "store both parts in the same form",
    )


@pytest.mark.parametrize(
    ("numbers", "code", "message", "help"),
    [
        (
            [5] * 6,
            "NAS609",
            "all 6 examples have the same label 5",
            "a classifier needs at least two classes",
        ),
        (
            [0, 1, 4, 3, 0, 1],
            "NAS606",
            "labels go up to 4 but no example has label 2",
            "number the classes from 0 without gaps",
        ),
    ],
)
def test_labels_are_not_those_of_classes(
    folder: Path, numbers: list[int], code: str, message: str, help: str
) -> None:
    (folder / LABELS).write_bytes(idx_bytes(np.array(numbers, np.uint8)))
    assert error(lambda: idx.read(at(folder)), folder) == (code, message, help)
    assert error(lambda: idx.shape(at(folder)), folder) == (code, message, help)


def test_a_test_label_has_no_class(folder: Path) -> None:
    write_idx(folder, "t10k", pixels(3, 5, 4), np.array([0, 7, 1]))
    assert error(lambda: idx.read(at(folder)), folder) == (
        "NAS609",
        "test label 7 is not one of the 3 classes 0 to 2",
        "test labels have to occur in the training labels",
    )


def test_real_fashion_mnist(shared: Path) -> None:
    examples = idx.read(at(real(shared, "fashion-mnist")))
    assert examples.inputs.shape == (60000, 1, 28, 28)
    assert examples.test_targets is not None
    assert np.bincount(examples.test_targets).tolist() == [1000] * 10
    assert examples.inputs.mean() / 255 == pytest.approx(0.28604, abs=5e-6)
