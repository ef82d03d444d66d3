"""Pictures, as files and in folders, to what a network of dslnas reads.

Needs numpy and Pillow alone.

    preprocessing = Preprocessing.from_json(text)
    batch = preprocessing.read("photo.jpg")  # float32 (1, channels, height, width)

The text is the property `preprocessing` of `model.onnx`, and a constant of `model.py`. Training
reads pictures by this very file: they are the same numbers here and there, bit for bit.
"""

from __future__ import annotations

import json
import math
import os
import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # imported where it is used: who has no files needs no Pillow
    from PIL import Image

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "PPM", "WEBP", "TIFF", "AVIF", "HEIF")
"""Formats that are read, as far as Pillow has them; a file is told by its content."""

ENDINGS = frozenset(
    {
        *(".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".mpo", ".png", ".apng", ".webp"),
        *(".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".avif", ".heic", ".heif", ".hif"),
    }
)
"""Endings, in small letters, of the files in a folder that are read."""

LITTER = frozenset(
    {"__macosx", "@eadir", "$recycle.bin", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}
)
"""Names of what systems and tools leave behind, in small letters; so are those with a dot first."""

HEIF = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypheim", b"ftypheis", b"ftypmif1")
"""Second word of files that pillow-heif teaches Pillow to read."""

CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4}
"""Channels by mode: grey, colours in this order, and colours with opacity."""

FITS = ("stretch", "pad", "crop")
"""How the sides of a picture are brought to those that a network reads."""

UNPACKED, UNPACKED_PER_BYTE = 2**24, 10_000
"""Pixels that a picture may have whatever the size of its file, and more of them by its bytes: no
photo is packed so well, and a header alone could ask for gigabytes."""

ORIENTATION = 0x0112
"""Tag of EXIF that says how a picture is turned or mirrored; 1 if it is not."""

TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
"""Pillow's names of what makes a picture upright, by its orientation."""


class PictureError(Exception):
    """A picture that is not read: what is wrong with it, and how to mend it."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(f"{message}: {help}")
        self.message, self.help = message, help


@dataclass(frozen=True)
class Side:
    """The pixels of a side between two places become so many, which begin behind an offset."""

    start: float
    stop: float
    count: int
    offset: int = 0


@dataclass(frozen=True)
class Preprocessing:
    """All that is done to a picture before a network reads it, in the order of the attributes.

    Attributes:
        orientation: Pictures are turned upright as their EXIF says; of an animation the first one
            is taken.
        depth: The upper 8 of 16 bits a channel are read; whole numbers of 32 bits are read as 16
            bits, floating-point ones as 0 to 1, and others are refused.
        background: Colour below what is transparent, unless opacity is a channel.
        mode: Channels, `L`, `RGB` or `RGBA`; grey is 0.299 R + 0.587 G + 0.114 B, rounded as Pillow
            rounds.
        height: Rows that the network reads.
        width: Columns that the network reads.
        fit: How other sides are brought to these: `stretch` both, or scale by one factor and `pad`
            with zeros or `crop` around the middle.
        shorter_side: Pixels of the shorter side, scaled, of which `crop` keeps the middle; null
            where it keeps as much as it can.
        interpolation: A triangle, as wide as a pixel of the smaller of both pictures; along rows,
            then along columns, each rounded to bytes.
        divisor: Number that the bytes are divided by.
        mean: Number by channel that is then taken away.
        std: Number by channel that the rest is divided by.
        polarity: Remark on pictures that are always alike: digits are light on dark.
    """

    mode: str
    height: int
    width: int
    fit: str = "stretch"
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    background: str = "white"
    polarity: str = ""
    orientation: str = "exif"
    depth: str = "upper 8 bits"
    interpolation: str = "bilinear with antialiasing (Pillow)"
    divisor: int = 255
    shorter_side: int | None = None

    @property
    def channels(self) -> int:
        """Number of channels."""
        return CHANNELS[self.mode]

    @property
    def kept(self) -> tuple[float, float] | None:
        """Height and width that a crop keeps of a picture whose shorter side is 1.

        None where it keeps as much as it can.
        """
        side = self.shorter_side
        if side is None or side == self.height == self.width:
            return None
        return self.height / side, self.width / side

    def to_json(self) -> str:
        """Return the text that `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Preprocessing:
        """Return what `to_json` wrote; raise ValueError for anything that is not done here."""
        try:
            entries: dict[str, Any] = dict(json.loads(text))
        except (ValueError, TypeError) as error:
            raise ValueError("no object in JSON") from error
        names = [field.name for field in fields(cls)]
        for name in (*names, *entries):
            if name not in entries or name not in names:
                raise ValueError(f"`{name}` is {'unknown' if name in entries else 'missing'}")
        lists = {name: tuple(value) for name, value in entries.items() if isinstance(value, list)}
        made = cls(**entries | lists)
        for name, is_done in made._done():
            if not is_done:
                raise ValueError(f"`{name}` cannot be `{entries[name]}`")
        return made

    def _done(self) -> Iterator[tuple[str, bool]]:
        """Yield each attribute, and whether its value is done here."""
        yield "mode", self.mode in tuple(CHANNELS)
        yield "height", _is_length(self.height)
        yield "width", _is_length(self.width)
        yield "fit", self.fit in FITS
        yield "shorter_side", self._is_side()
        yield "mean", _are_numbers(self.mean, self.channels)
        yield "std", _are_numbers(self.std, self.channels) and 0 not in self.std
        yield "background", self.mode == "RGBA" or _is_colour(self.background)
        yield "polarity", isinstance(self.polarity, str)
        usual = Preprocessing(self.mode, self.height, self.width)
        for name in ("orientation", "depth", "interpolation", "divisor"):
            yield name, getattr(self, name) == getattr(usual, name)

    def _is_side(self) -> bool:
        side = self.shorter_side
        if side is None:
            return True
        return self.fit == "crop" and _is_length(side) and side >= max(self.height, self.width)

    def read(self, file: Path | str) -> NDArray[np.float32]:
        """Return what the network reads of a file, (1, channels, height, width)."""
        return self.normalise(self.resize(self.decode(file)))

    def decode(self, file: Path | str) -> NDArray[np.uint8]:
        """Return the picture in a file, of its own size: (height, width, channels)."""
        with opened(file) as image:
            return self.pixels(image)

    def pixels(self, image: Image.Image) -> NDArray[np.uint8]:
        """Return an opened picture upright and in the mode: (height, width, channels)."""
        pixels = np.array(self.upright(image), np.uint8)
        return pixels.reshape(*pixels.shape[:2], self.channels)

    def upright(self, image: Image.Image) -> Image.Image:
        """Return an opened picture upright and in the mode; it may be the same."""
        from PIL import Image

        image.load()  # before its EXIF is asked: Pillow turns a TIFF while it reads the pixels
        if is_turned(image):
            image = image.transpose(Image.Transpose[TURNS[_orientation(image)]])
        if image.mode.startswith(("I", "F")):
            image = _eight_bits(image)
        if image.has_transparency_data and self.mode != "RGBA":
            image = image.convert("RGBA")
            below = Image.new("RGBA", image.size, self.background)
            image = Image.alpha_composite(below, image)
        return image if image.mode == self.mode else image.convert(self.mode)

    def resize(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a picture with the sides of the network: (height, width, channels)."""
        from PIL import Image

        return self.fitted(Image.fromarray(pixels[:, :, 0] if self.channels == 1 else pixels))

    def fitted(self, image: Image.Image) -> NDArray[np.uint8]:
        """Return a picture that is `upright` with the sides of the network, as `resize` does."""
        from PIL import Image

        width, height = image.size
        tall, wide = self._sides(height, width)
        if self.kept is not None or (wide.count, tall.count) != image.size:
            how = Image.Resampling.BILINEAR
            image = image.convert("RGBa") if self.mode == "RGBA" else image
            # Two calls: versions of Pillow differ in which pass comes first.
            image = image.resize((wide.count, height), how, (wide.start, 0, wide.stop, height))
            rows = (0, tall.start, wide.count, tall.stop)
            image = image.resize((wide.count, tall.count), how, rows).convert(self.mode)
        result = np.zeros((self.height, self.width, self.channels), np.uint8)
        top, left = (side.offset for side in (tall, wide))
        inner = result[top : top + tall.count, left : left + wide.count]
        inner[:] = np.array(image, np.uint8).reshape(inner.shape)
        return result

    def _sides(self, height: int, width: int) -> tuple[Side, Side]:
        """Return what becomes of the rows and of the columns of a picture, as Pillow fits them."""
        if self.fit == "pad":
            rows = min(max(round(height / width * self.width), 1), self.height)
            columns = min(max(round(width / height * self.height), 1), self.width)
            offsets = round((self.height - rows) * 0.5), round((self.width - columns) * 0.5)
            return Side(0, height, rows, offsets[0]), Side(0, width, columns, offsets[1])
        above, beside = 0.0, 0.0  # pixels that are left out, one half at either end
        if self.kept is not None:
            above, beside = (
                length - min(height, width) * share
                for length, share in zip((height, width), self.kept, strict=True)
            )
        elif self.fit == "crop":
            ratio = self.width / self.height
            above, beside = max(height - width / ratio, 0.0), max(width - ratio * height, 0.0)
        top, left = above * 0.5, beside * 0.5
        rows, columns = self.height, self.width
        return (
            Side(top, top + (height - above), rows),
            Side(left, left + (width - beside), columns),
        )

    def normalise(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return bytes as a batch of one picture, (1, channels, height, width)."""
        scaled = pixels.astype(np.float32) / np.float32(self.divisor)
        centred = (scaled - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(centred.transpose(2, 0, 1)[None])


@contextmanager
def opened(file: Path | str) -> Iterator[Image.Image]:
    """Open a picture; raise PictureError if it would unpack to too many pixels, else Pillow's.

    The most is what Pillow never opens, twice what it warns of: cameras of telephones have more
    than the latter. Nor may a header promise far more than its file can hold.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes, and metadata that plays no part here
            if _head(file)[4:] in HEIF:
                _read_heif()
            Image.init()
            known = [name for name in FORMATS if name in Image.OPEN]
            with Image.open(file, formats=known) as image:
                pixels, size = image.width * image.height, os.path.getsize(file)
                if pixels > max(UNPACKED, UNPACKED_PER_BYTE * size):
                    message = (
                        f"image of {size:,} bytes has a header that promises {pixels:,} pixels"
                    )
                    raise PictureError(message, "remove it, or save it anew")
                yield image
    except Image.DecompressionBombError as error:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise PictureError(f"image has more than {most:,} pixels", "save it smaller") from error


def _head(file: Path | str) -> bytes:
    with open(file, "rb") as stream:
        return stream.read(12)


def _read_heif() -> None:
    try:
        from pillow_heif import register_heif_opener
    except ImportError as error:
        message = "image is HEIC, which Pillow does not read alone"
        raise PictureError(message, "pip install pillow-heif") from error
    register_heif_opener()


def is_turned(image: Image.Image) -> bool:
    """Whether EXIF says that an opened picture is turned or mirrored."""
    return _orientation(image) in TURNS


def _orientation(image: Image.Image) -> int:
    """Return what EXIF says of how a picture is turned; 1 where what it says cannot be read."""
    try:
        found = image.getexif().get(ORIENTATION, 1)
    except (SyntaxError, ValueError, TypeError, LookupError, struct.error):
        return 1
    return found if isinstance(found, int) else 1


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a grey picture of 16 or 32 bits with 8."""
    from PIL import Image

    values = np.asarray(image)
    most = 1 if values.dtype.kind == "f" else 65535
    if not np.all((values >= 0) & (values <= most)):
        raise PictureError(
            f"image has values outside of 0 to {most}", "save it with 8 or 16 bits a channel"
        )
    levels = np.floor(values * 255 + 0.5) if values.dtype.kind == "f" else values.astype(int) >> 8
    grey = Image.fromarray(levels.astype(np.uint8))
    if "transparency" in image.info:  # one level, all 16 bits of which count
        opacity = np.where(values == image.info["transparency"], 0, 255).astype(np.uint8)
        grey = Image.merge("LA", (grey, Image.fromarray(opacity)))
    return grey


# ---- what an entry may be ------------------------------------------------------------------------


def _is_length(value: object) -> bool:
    return type(value) is int and value >= 1


def _are_numbers(values: object, count: int) -> bool:
    return (
        isinstance(values, tuple)
        and len(values) == count
        and all(isinstance(value, int | float) and math.isfinite(value) for value in values)
    )


def _is_colour(value: object) -> bool:
    if value == "white":  # as always in training, where there may be no Pillow
        return True
    from PIL import ImageColor

    try:
        return bool(ImageColor.getrgb(str(value)))
    except ValueError:
        return False


# ---- folders -------------------------------------------------------------------------------------


def is_meant(name: str) -> bool:
    """Whether a file or folder of this name is no litter."""
    return not name.startswith(".") and name.lower() not in LITTER


def is_picture(name: str) -> bool:
    """Whether a file is read, by its name."""
    return os.path.splitext(name)[1].lower() in ENDINGS


def walk(folder: Path | str, *, below: bool = True) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield a folder, and those `below` it, each with the names of its files, without litter.

    Links are followed, but not in circles. OSError is raised for a folder that cannot be read.
    """

    def failed(error: OSError) -> None:
        raise error

    start = Path(os.path.realpath(folder))
    seen = {str(start), *map(str, start.parents)}
    for place, inner, names in os.walk(folder, onerror=failed, followlinks=True):
        seen.add(os.path.realpath(place))
        paths = {name: os.path.realpath(os.path.join(place, name)) for name in inner}
        inner[:] = [n for n, path in paths.items() if below and is_meant(n) and path not in seen]
        yield place, [name for name in names if is_meant(name)]
