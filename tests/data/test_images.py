import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dslnas.data import images
from dslnas.data.examples import Examples, Inputs
from dslnas.data.picture_files import decode
from dslnas.data.pictures import Pictures
from dslnas.data.preprocessing import Preprocessing
from dslnas.settings.images import Fit, ImageFolder
from tests.data.made import error, pixels, write_images
from tests.loading import load


def at(path: Path, size: int) -> ImageFolder:
    """Return the settings of data that lie there."""
    return ImageFolder(path=str(path), size=size)


def square(path: Path, size: int) -> NDArray[np.uint8]:
    """Return an image as a square of colours."""
    return read(path, Preprocessing("RGB", size, size))


def held(settings: ImageFolder) -> Examples[Inputs]:
    """Return images that are held in memory."""
    found = images.read(settings)
    assert isinstance(found.inputs, np.ndarray)
    return found


def read(path: Path, how: Preprocessing) -> NDArray[np.uint8]:
    """Return an image that can be read."""
    found = decode(path, how, Pictures())
    assert found is not None
    return found


def png(width: int, height: int, content: bytes = b"", *, depth: int = 8, kind: int = 2) -> bytes:
    """Return an image file whose header claims a size that its content need not have.

    Kinds are 0: grey, 2: RGB, 4: grey and 6: RGB with transparency.
    """

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(content)) + chunk(b"IEND", b"")
    )


def test_classes_are_the_folders_in_order(tmp_path: Path) -> None:
    write_images(tmp_path, {"dog": 2, "cat": 3})
    (tmp_path / "cat" / "notes.txt").write_text("not an image")
    (tmp_path / "cat" / ".hidden.png").write_text("not an image")
    (tmp_path / ".cache").mkdir()
    examples = held(at(tmp_path, 4))
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


ENDINGS = ["png", "jpg", "JPEG", "jfif", "bmp", "gif", "webp", "tif", "tiff", "avif", "ppm"]


@pytest.mark.parametrize("end", [*ENDINGS, "heic"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1"])
def test_formats_and_modes_become_rgb(tmp_path: Path, end: str, mode: str) -> None:
    if mode == "P":
        mode = {"jpg": "CMYK", "JPEG": "CMYK", "jfif": "CMYK", "ppm": "RGB"}.get(end, mode)
    if end == "heic":
        pytest.importorskip("pillow_heif").register_heif_opener()
    path = tmp_path / f"image.{end}"
    Image.new("RGB", (9, 7), (255, 255, 255)).convert(mode).save(path)
    pixel = square(path, 5)
    assert pixel.shape == (5, 5, 3)
    assert pixel.min() >= 250


def test_what_is_transparent_is_white_and_no_warning_comes(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    pixels_of = np.full((4, 4, 4), (9, 8, 7, 255), np.uint8)
    pixels_of[:, 2:, 3] = 0
    Image.fromarray(pixels_of).save(path)
    found = square(path, 4)
    assert found[0, 0].tolist() == [9, 8, 7]
    assert found[0, 3].tolist() == [255, 255, 255]
    kept = read(path, Preprocessing("RGBA", 4, 4))
    assert kept[0, 3].tolist()[3] == 0
    palette = Image.new("RGB", (4, 4), (9, 8, 7)).convert("P")
    palette.save(path, transparency=bytes(256))
    assert square(path, 4).min() >= 245


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("end", ["png", "tif"])
def test_pictures_are_turned_as_their_exif_says(tmp_path: Path, orientation: int, end: str) -> None:
    path, exif = tmp_path / f"image.{end}", Image.Exif()
    exif[0x0112] = orientation
    upright = Image.fromarray(pixels(6, 4, 3))
    how = Image.Transpose
    stored = {2: how.FLIP_LEFT_RIGHT, 3: how.ROTATE_180, 4: how.FLIP_TOP_BOTTOM}
    stored |= {5: how.TRANSPOSE, 6: how.ROTATE_90, 7: how.TRANSVERSE, 8: how.ROTATE_270}
    turned = upright.transpose(stored[orientation]) if orientation in stored else upright
    turned.save(path, exif=exif)
    seen = Pictures()
    found = decode(path, Preprocessing("RGB", 6, 4), seen)
    np.testing.assert_array_equal(found, pixels(6, 4, 3))
    assert (seen.turned, seen.sizes) == (orientation > 1, [(6, 4)])


SIXTEEN = b"P6 2 1 65535\n" + bytes(12)
EIGHT = b"P6 2 1 255\n" + bytes(6)


@pytest.mark.parametrize(
    ("content", "is_deep"),
    [
        *((png(2, 1, bytes(17), depth=16, kind=kind), True) for kind in (0, 2, 4, 6)),
        *((png(2, 1, bytes(9), kind=kind), False) for kind in (0, 2, 4, 6)),
        (SIXTEEN, True),
        (EIGHT, False),
    ],
)
def test_pictures_of_16_bits_a_channel_are_counted(
    tmp_path: Path, content: bytes, is_deep: bool
) -> None:
    path, seen = tmp_path / "image", Pictures()
    path.write_bytes(content)
    assert decode(path, Preprocessing("RGB", 4, 4), seen) is not None
    assert seen.deep == is_deep


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0MM\0*\xff\xff\xff\xff"])
def test_exif_that_cannot_be_read_turns_nothing(tmp_path: Path, kind: str, exif: bytes) -> None:
    path, seen = tmp_path / "image", Pictures()
    Image.new("RGB", (6, 5), (9, 9, 9)).save(path, kind, exif=exif)
    assert decode(path, Preprocessing("RGB", 4, 4), seen) is not None
    assert seen.turned == 0


@pytest.mark.parametrize(
    ("fit", "left", "middle"),
    [("stretch", 255, 0), ("pad", 255, 0), ("crop", 0, 0)],
)
def test_sides_are_brought_to_those_that_are_wanted(
    tmp_path: Path, fit: Fit, left: int, middle: int
) -> None:
    """A crop loses the white edge of a wide picture, and padding adds rows."""
    path = tmp_path / "image.png"
    picture = np.zeros((8, 32), np.uint8)
    picture[:, :8] = 255
    Image.fromarray(picture).save(path)
    found = read(path, Preprocessing("L", 8, 8, fit))
    assert found.shape == (8, 8, 1)
    assert found[4, 0, 0] == left
    assert found[4, 4, 0] == middle
    assert found[0, 0, 0] == (255 if fit == "stretch" else 0)


def test_sides_and_channels_are_those_of_the_settings_or_of_the_network(tmp_path: Path) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2}, (12, 9))
    given = ImageFolder(path=str(tmp_path), size=(5, 7), fit="crop", channels=1)
    assert images.shape(given).shape == (1, 5, 7)
    assert images.read(given).inputs.shape == (4, 1, 5, 7)
    assert images.read(given).preprocessing == Preprocessing("L", 5, 7, "crop")
    closer = images.read(given.replace(shorter_side=9)).preprocessing
    assert closer == Preprocessing("L", 5, 7, "crop", shorter_side=9)
    usual = ImageFolder(path=str(tmp_path))
    assert images.shape(usual).shape == (3, 32, 32)
    assert images.shape(usual.fitted((1, 9, 12))).shape == (1, 9, 12)
    assert given.fitted((3, 8, 8)) == given
    assert usual.fitted((3, 224, 2)) == usual.fitted((3, 2000, 8)) == usual  # no images have such


def test_turned_images_are_counted(tmp_path: Path) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (6, 5)).save(tmp_path / "dog" / "0.png", exif=exif)
    assert images.read(at(tmp_path, 4)).notes == (
        "1 of 4 images were turned upright, as their EXIF says",
    )


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_a_validation_part_is_that_of_its_folder(tmp_path: Path, name: str) -> None:
    write_images(tmp_path / "train", {"cat": 20, "dog": 20})
    write_images(tmp_path / name, {"cat": 3, "dog": 2})
    settings = ImageFolder(path=str(tmp_path), size=4, split=(0.5, 0.3, 0.2))
    assert images.shape(settings).has_validation
    data = load(settings, "cpu")
    assert [len(part) for part in data.parts] == [20, 12, 5, 8]
    assert error(lambda: load(settings.replace(split=(0.5, 0.5)), "cpu"), tmp_path) == (
        "NAS607",
        "split has 2 shares but the data have a validation part of their own and no test part",
        "give 3 shares, for weights, architecture, test, or leave `split` out",
    )


def test_resizing_keeps_what_has_the_size_already(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    Image.fromarray(pixels(6, 6, 3)).save(path)
    np.testing.assert_array_equal(square(path, 6), pixels(6, 6, 3))


def test_more_images_than_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    monkeypatch.setattr("dslnas.data.files.MOST_BYTES", 100)
    assert error(lambda: images.read(at(tmp_path, 4)), tmp_path) == (
        "NAS603",
        "192 bytes of content but at most 100 are read",
        "use smaller images or fewer of them",
    )


def test_files_are_told_by_their_content(tmp_path: Path) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    Image.new("RGB", (6, 5), (0, 0, 255)).save(tmp_path / "cat" / "0.png", "GIF")
    Image.new("RGB", (6, 5), (0, 1, 255)).save(tmp_path / "cat" / "1.png", "TIFF")
    examples = held(at(tmp_path, 4))
    assert examples.inputs[:2, :, 0, 0].tolist() == [[0, 0, 255], [0, 1, 255]]


def test_of_several_pictures_in_a_file_the_first_is_read_and_that_is_told(tmp_path: Path) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    first, second = Image.new("RGB", (6, 5), (9, 8, 7)), Image.new("RGB", (6, 5))
    for end, kind in (("gif", "GIF"), ("webp", "WEBP"), ("apng", "PNG"), ("mpo", "MPO")):
        path = tmp_path / "cat" / f"a.{end}"
        first.save(path, kind, save_all=True, append_images=[second])
    examples = held(at(tmp_path, 4))
    assert abs(examples.inputs[2:6, :, 0, 0].astype(int) - [9, 8, 7]).max() < 4
    assert examples.notes == ("3 of 8 files hold several pictures, the first is read",)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16"])
def test_grey_stays_one_channel_if_all_are_grey(tmp_path: Path, mode: str) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    for path in tmp_path.rglob("*.png"):
        Image.new(mode, (6, 5)).save(path)
    usual = ImageFolder(path=str(tmp_path))
    assert images.shape(usual).shape == (1, 32, 32)
    assert images.read(usual).inputs.shape == (4, 1, 32, 32)
    assert images.shape(usual.replace(channels=3)).shape == (3, 32, 32)
    assert images.shape(usual.fitted((1, 28, 28))).shape == (1, 28, 28)
    Image.new("RGB", (6, 5)).save(tmp_path / "dog" / "1.png")
    assert images.shape(usual).shape == (3, 32, 32)
    assert images.read(usual).inputs.shape == (4, 3, 32, 32)


@pytest.mark.parametrize("name", ["0.heic", "0.HEIF", "0.jpg"])
def test_heic_needs_a_package_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    (tmp_path / "dog" / name).write_bytes(b"\0\0\0\x18ftypheic")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    code, message, help = error(
        lambda: images.shape(at(tmp_path, 4)), tmp_path if name.endswith("jpg") else "data"
    )
    if name.endswith("jpg"):
        cause = "is HEIC, which Pillow does not read alone (pip install pillow-heif)"
        assert (code, message) == ("NAS603", f"1 of 5 images cannot be read: dog/{name} {cause}")
    else:
        assert (code, message, help) == (
            "NAS608",
            "1 HEIC files need pillow-heif",
            "pip install pillow-heif, the extra `heic` of dslnas",
        )


def test_avif_needs_a_pillow_that_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    (tmp_path / "dog" / "1.avif").write_bytes(b"\0\0\0\x18ftypavif")
    Image.init()
    monkeypatch.delitem(Image.OPEN, "AVIF")
    assert error(lambda: images.shape(at(tmp_path, 4)), "data") == (
        "NAS608",
        "1 AVIF files need a Pillow that reads them",
        "pip install 'pillow>=11.3'",
    )


def test_pillow_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    assert error(lambda: images.read(at(tmp_path, 4)), "data") == (
        "NAS608",
        "data source `images` needs Pillow",
        "pip install pillow",
    )
