import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dslnas.data import images
from dslnas.data.pixels import decode
from dslnas.settings.data import ImageFolder
from tests.data.made import error, pixels, write_images


def at(path: Path, size: int) -> ImageFolder:
    """Return the settings of data that lie there."""
    return ImageFolder(path=str(path), size=size)


FETCH = "fetch or write the file again"


def png(width: int, height: int, content: bytes = b"") -> bytes:
    """Return an RGB image file whose header claims a size that its content need not have."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(content)) + chunk(b"IEND", b"")
    )


def test_classes_are_the_folders_in_order(tmp_path: Path) -> None:
    write_images(tmp_path, {"dog": 2, "cat": 3})
    (tmp_path / "cat" / "notes.txt").write_text("not an image")
    (tmp_path / "cat" / ".hidden.png").write_text("not an image")
    (tmp_path / ".cache").mkdir()
    examples = images.read(at(tmp_path, 4))
    assert examples.class_names == ("cat", "dog")
    assert examples.inputs.shape == (5, 3, 4, 4)
    assert examples.targets.tolist() == [0, 0, 0, 1, 1]
    # The colour of an image is its class as it was written, its number, 255.
    colours = examples.inputs[:, :, 0, 0].tolist()
    assert colours == [[1, 0, 255], [1, 1, 255], [1, 2, 255], [0, 0, 255], [0, 1, 255]]
    assert examples.test_inputs is None


def test_train_and_test_folders(tmp_path: Path) -> None:
    write_images(tmp_path / "train", {"cat": 2, "dog": 3, "emu": 1})
    assert not images.shape(at(tmp_path, 8)).has_test
    write_images(tmp_path / "test", {"emu": 2, "cat": 1})
    assert images.shape(at(tmp_path, 8)).has_test
    examples = images.read(at(tmp_path, 8))
    assert examples.targets.tolist() == [0, 0, 1, 1, 1, 2]
    assert examples.test_targets is not None
    assert examples.test_targets.tolist() == [0, 2, 2]


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    write_images(tmp_path, {"train": 2, "bus": 1})
    assert images.read(at(tmp_path, 4)).class_names == ("bus", "train")


@pytest.mark.parametrize("end", ["png", "jpg", "JPEG", "bmp", "gif", "webp"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1"])
def test_formats_and_modes_become_rgb(tmp_path: Path, end: str, mode: str) -> None:
    if end in ("jpg", "JPEG") and mode == "P":
        mode = "CMYK"
    path = tmp_path / f"image.{end}"
    Image.new("RGB", (9, 7), (255, 255, 255)).convert(mode).save(path)
    pixel = decode(path, 5)
    assert pixel.shape == (3, 5, 5)
    assert pixel.min() >= 250


def test_transparency_is_dropped_without_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    picture = Image.new("RGB", (4, 4), (9, 8, 7)).convert("P")
    picture.save(path, transparency=bytes(range(16)))
    assert decode(path, 4)[:, 0, 0].tolist() == pytest.approx([9, 8, 7], abs=30)


def test_resizing_keeps_what_has_the_size_already(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    Image.fromarray(pixels(6, 6, 3)).save(path)
    np.testing.assert_array_equal(decode(path, 6), pixels(6, 6, 3).transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("content", "message", "help"),
    [
        (b"", "damaged image", FETCH),
        (b"GIF89a", "damaged image", FETCH),
        (b"%PDF-1.4 not one of the formats", "damaged image", FETCH),
        (png(4, 4), "damaged image", FETCH),
        (png(20_000, 20_000), "image has more than 89478485 pixels", "save it smaller"),
        (png(10_000, 10_000), "image has more than 89478485 pixels", "save it smaller"),
    ],
)
def test_an_image_is_damaged(tmp_path: Path, content: bytes, message: str, help: str) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    path = tmp_path / "dog" / "0.png"
    path.write_bytes(content)
    assert error(lambda: images.read(at(tmp_path, 4)), path) == (
        "NAS603",
        message,
        help,
    )


def test_an_image_is_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "image.jpg"
    Image.fromarray(pixels(60, 60, 3)).save(path)
    path.write_bytes(path.read_bytes()[:900])
    assert error(lambda: decode(path, 4), path) == ("NAS603", "damaged image", FETCH)


def test_an_image_has_more_than_8_bits(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    Image.fromarray(np.full((4, 4), 40_000, np.uint16)).save(path)
    assert error(lambda: decode(path, 4), path) == (
        "NAS603",
        "image has more than 8 bits a channel",
        "save it with 8 bits",
    )


def test_there_are_no_folders(tmp_path: Path) -> None:
    assert error(lambda: images.shape(at(tmp_path, 4)), tmp_path) == (
        "NAS602",
        "there are no folders of images",
        "the folder should hold one folder of images per class, or `train` and `test` with such "
        "folders",
    )


def test_a_class_has_no_images(tmp_path: Path) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 0})
    assert error(lambda: images.shape(at(tmp_path, 4)), tmp_path) == (
        "NAS606",
        "class `dog` has no images",
        "images end in .bmp, .gif, .jpeg, .jpg, .png, .webp",
    )


def test_there_is_one_class(tmp_path: Path) -> None:
    write_images(tmp_path, {"cat": 2})
    assert error(lambda: images.shape(at(tmp_path, 4)), tmp_path) == (
        "NAS609",
        "there is only the class `cat`",
        "a classifier needs at least two classes",
    )


def test_a_test_class_is_unknown(tmp_path: Path) -> None:
    write_images(tmp_path / "train", {"cat": 2, "dog": 2})
    write_images(tmp_path / "test", {"cat": 2, "dgo": 2})
    assert error(lambda: images.shape(at(tmp_path, 4)), tmp_path) == (
        "NAS609",
        "class `dgo` is in `test` but not in `train`",
        "both folders need the same classes",
    )


def test_a_third_part_is_not_left_out_silently(tmp_path: Path) -> None:
    write_images(tmp_path / "train", {"cat": 2, "dog": 2})
    write_images(tmp_path / "val", {"cat": 2, "dog": 2})
    assert error(lambda: images.shape(at(tmp_path, 4)), tmp_path) == (
        "NAS603",
        "unexpected folder `val` beside `train`",
        "only `train` and `test` are read; the split makes the validation part",
    )


def test_more_images_than_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    monkeypatch.setattr("dslnas.data.files.MOST_BYTES", 100)
    assert error(lambda: images.read(at(tmp_path, 4)), tmp_path) == (
        "NAS603",
        "192 bytes of content but at most 100 are read",
        "use smaller images or fewer of them",
    )


def test_pillow_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    assert error(lambda: images.read(at(tmp_path, 4)), "data") == (
        "NAS608",
        "data source `images` needs Pillow",
        "pip install dslnas[images]",
    )
