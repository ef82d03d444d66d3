import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dslnas.data import npz
from dslnas.settings.images import Npz
from tests.data.made import error, labels, pixels


def at(path: Path) -> Npz:
    """Return the settings of data that lie there."""
    return Npz(path=str(path))


HOLDS = "the archive should hold x_train and y_train (and x_test and y_test), or x and y"
FETCH = "fetch or write the file again"


def saved(tmp_path: Path, **arrays: Any) -> Path:
    path = tmp_path / "set.npz"
    np.savez_compressed(path, allow_pickle=True, **arrays)
    return path


def with_member(path: Path, name: str, content: bytes) -> Path:
    """Write an archive with sound `x` and `y`, one of them replaced by `content`."""
    with zipfile.ZipFile(path, "w") as archive:
        for member, array in (("x", pixels(6, 5, 4)), ("y", labels(6, 3))):
            buffer = io.BytesIO()
            np.save(buffer, array)
            archive.writestr(f"{member}.npy", content if member == name else buffer.getvalue())
    return path


def header(text: str) -> bytes:
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (pixels(6, 28, 20), (6, 1, 28, 20)),
        (pixels(6, 28, 20, 1), (6, 1, 28, 20)),
        (pixels(6, 28, 20, 3), (6, 3, 28, 20)),
        (pixels(6, 3, 28, 20), (6, 3, 28, 20)),
        (pixels(6, 12, 9, 9), (6, 12, 9, 9)),
        (pixels(6, 9, 9, 12), (6, 12, 9, 9)),
        (pixels(6, 4, 4, 3), (6, 3, 4, 4)),
        (pixels(6, 3, 4, 4), (6, 3, 4, 4)),
    ],
)
def test_the_layout_is_found(
    tmp_path: Path, stored: NDArray[np.uint8], expected: tuple[int, ...]
) -> None:
    path = saved(tmp_path, x=stored, y=labels(6, 3))
    images = npz.read(at(path)).inputs
    assert images.shape == expected
    shape = npz.shape(at(path))
    assert shape.shape == expected[1:]
    channels_last = stored.ndim == 4 and stored.shape[1] != expected[1]
    again = images.transpose(0, 2, 3, 1) if channels_last else images.reshape(stored.shape)
    np.testing.assert_array_equal(again, stored)


@pytest.mark.parametrize("sizes", [(6,), (6, 784), (6, 5, 5, 5), (6, 8, 3, 9, 1), (6, 0, 4)])
def test_the_layout_is_unclear(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    path = saved(tmp_path, x=pixels(*sizes), y=labels(6, 3))
    expected = (
        "NAS604",
        f"`x` has the shape {sizes}, in which the channels cannot be told",
        "save images as (N, H, W), (N, H, W, C) or (N, C, H, W), with 1 to 4 channels",
    )
    assert error(lambda: npz.read(at(path)), path) == expected
    assert error(lambda: npz.shape(at(path)), path) == expected


def test_both_parts_are_read(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        x_train=pixels(6, 5, 4),
        y_train=labels(6, 3)[:, None],  # as Keras has those of CIFAR-10
        x_test=pixels(4, 5, 4, seed=1),
        y_test=labels(4, 2).astype(np.uint8),
        names=np.array(["a", "b", "c"], dtype=object),  # other members are not touched
    )
    examples = npz.read(at(path))
    np.testing.assert_array_equal(examples.targets, labels(6, 3))
    assert examples.test_targets is not None
    np.testing.assert_array_equal(examples.test_targets, labels(4, 2))
    assert examples.class_names == ("0", "1", "2")
    assert npz.shape(at(path)).has_test


@pytest.mark.parametrize("kind", ["<f2", "<f4", ">f4", "<f8"])
def test_floats_become_float32_unscaled(tmp_path: Path, kind: str) -> None:
    values = np.linspace(-3, 200, 120).reshape(6, 5, 4).astype(kind)
    examples = npz.read(at(saved(tmp_path, x=np.asfortranarray(values), y=labels(6, 3))))
    assert examples.inputs.dtype == np.float32
    np.testing.assert_array_equal(examples.inputs[:, 0], values.astype(np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_floats_are_not_finite(tmp_path: Path, value: float) -> None:
    values = np.zeros((6, 5, 4))
    values[2, 3, 1], values[3] = value, -value
    path = saved(tmp_path, x=values, y=labels(6, 3))
    assert error(lambda: npz.read(at(path)), path) == (
        "NAS603",
        "images hold pixels that are not finite",
        "replace nan and infinite values before saving",
    )


@pytest.mark.parametrize(
    ("arrays", "name"),
    [
        ({"a": pixels(6)}, "x_train"),
        ({"x": pixels(6, 5, 4)}, "y"),
        ({"x_train": pixels(6, 5, 4), "y": labels(6, 3)}, "y_train"),
        ({"x": pixels(6, 5, 4), "y": labels(6, 3), "x_test": pixels(6, 5, 4)}, "y_test"),
    ],
)
def test_a_member_is_missing(tmp_path: Path, arrays: dict[str, Any], name: str) -> None:
    path = saved(tmp_path, **arrays)
    expected = ("NAS602", f"`{name}` is missing in the archive", HOLDS)
    assert error(lambda: npz.read(at(path)), path) == expected
    assert error(lambda: npz.shape(at(path)), path) == expected


def test_a_member_without_the_ending_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "set.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", b"")
    assert error(lambda: npz.read(at(path)), path)[:2] == (
        "NAS602",
        "`x_train` is missing in the archive",
    )


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


def test_pickled_members_are_not_unpickled(tmp_path: Path) -> None:
    target = tmp_path / "unpickled"
    pickle.loads(pickle.dumps(Bomb(target)))
    assert target.exists()  # the bomb works
    target.unlink()
    path = saved(tmp_path, x=pixels(1, 5, 4), y=np.array([Bomb(target)], dtype=object))
    expected = ("NAS603", "`y` is pickled, which is not safe to read", "save plain arrays")
    assert error(lambda: npz.read(at(path)), path) == expected
    assert error(lambda: npz.shape(at(path)), path) == expected
    path.write_bytes(pickle.dumps(Bomb(target)))
    assert error(lambda: npz.read(at(path)), path) == (
        "NAS603",
        "damaged npz archive",
        FETCH,
    )
    assert not target.exists()


BAD_MEMBERS = [
    (b"", "damaged npz archive"),
    (b"\x93NUMPY\7\7", "damaged npz archive"),
    (header("("), "damaged npz archive"),
    (header("(" * 9000), "damaged npz archive"),
    (header("x" * 20000), "damaged npz archive"),
    (
        header("{'descr': '|u1', 'fortran_order': False, 'shape': (9, 5, 4)}") + bytes(6),
        "`x` has 6 bytes but its shape (9, 5, 4) needs 180",
    ),
    (
        header("{'descr': '|u1', 'fortran_order': False, 'shape': (-3, -2, 1)}") + bytes(6),
        "`x` has the shape (-3, -2, 1), of which a size is negative",
    ),
    (
        header("{'descr': '|u1', 'fortran_order': False, 'shape': (65536, 65536, 65536)}"),
        "`x` has 0 bytes but its shape (65536, 65536, 65536) needs 281474976710656",
    ),
]


@pytest.mark.parametrize(("content", "message"), BAD_MEMBERS)
def test_members_are_damaged(tmp_path: Path, content: bytes, message: str) -> None:
    path = with_member(tmp_path / "set.npz", "x", content)
    assert error(lambda: npz.read(at(path)), path) == ("NAS603", message, FETCH)
    assert error(lambda: npz.shape(at(path)), path) == ("NAS603", message, FETCH)


def test_more_than_is_read_is_found_in_the_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path, x=np.zeros((60, 50, 40), np.uint8), y=labels(60, 3))
    monkeypatch.setattr("dslnas.data.files.MOST_BYTES", 100_000)
    expected = (
        "NAS603",
        "120000 bytes of content but at most 100000 are read",
        "use smaller images or fewer of them",
    )
    assert error(lambda: npz.read(at(path)), path) == expected
    assert error(lambda: npz.shape(at(path)), path) == expected


def test_the_archive_is_cut_short(tmp_path: Path) -> None:
    path = saved(tmp_path, x=pixels(6, 5, 4), y=labels(6, 3))
    path.write_bytes(path.read_bytes()[:-30])
    assert error(lambda: npz.read(at(path)), path) == (
        "NAS603",
        "damaged npz archive",
        FETCH,
    )


def test_the_archive_is_a_folder(tmp_path: Path) -> None:
    assert error(lambda: npz.read(at(tmp_path)), tmp_path) == (
        "NAS603",
        "npz archive cannot be read: is a directory",
        "check the file",
    )


@pytest.mark.parametrize(
    ("x", "y", "code", "message", "help"),
    [
        (
            pixels(6, 5, 4).astype(np.int64),
            labels(6, 3),
            "NAS603",
            "`x` holds int64 but pixels are uint8 or float",
            "save as uint8",
        ),
        (
            pixels(6, 5, 4),
            labels(6, 3) / 2,
            "NAS603",
            "`y` holds float64 but labels are whole numbers",
            "save as int64, or write `task regression` to predict numbers",
        ),
        (
            pixels(6, 5, 4),
            np.eye(6, 3, dtype=np.int64),
            "NAS604",
            "`y` has the shape (6, 3) but labels have (N,)",
            "save one class number per image; of one-hot rows take `argmax(1)`, of several labels "
            "write `task multilabel`",
        ),
        (
            pixels(6, 5, 4),
            labels(7, 3),
            "NAS604",
            "6 images but 7 labels",
            "every image needs exactly one label, in the same order",
        ),
        (
            pixels(6, 5, 4),
            labels(6, 3) - 1,
            "NAS609",
            "label -1 is negative",
            "number the classes from 0",
        ),
        (
            pixels(2, 5, 4),
            np.array([0, 2**63], np.uint64),
            "NAS609",
            "label -9223372036854775808 is negative",
            "number the classes from 0",
        ),
        (
            pixels(6, 5, 4),
            labels(6, 3) * 2**60,
            "NAS606",
            "labels go up to 2305843009213693952 but no example has label 1",
            "number the classes from 0 without gaps",
        ),
    ],
)
def test_images_and_labels_do_not_fit(
    tmp_path: Path, x: NDArray[Any], y: NDArray[Any], code: str, message: str, help: str
) -> None:
    path = saved(tmp_path, x=x, y=y)
    assert error(lambda: npz.read(at(path)), path) == (code, message, help)
    assert error(lambda: npz.shape(at(path)), path) == (code, message, help)


@pytest.mark.parametrize("call", [npz.read, npz.shape])
def test_there_are_no_examples(tmp_path: Path, call: Any) -> None:
    path = saved(tmp_path, x=pixels(0, 5, 4), y=labels(0, 3))
    assert error(lambda: call(at(path)), path) == ("NAS606", "there are no examples", "")
