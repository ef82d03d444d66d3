"""One image file to one array, with Pillow, which is an optional package."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.data.files import damaged, reading
from dslnas.diagnostics import user_error
from dslnas.settings.data import Fit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
HIGH_DEPTH = ("I", "F")  # 16 and 32 bits a pixel, which `convert` would clip to white
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
ORIENTATION = 0x0112
"""Tag of EXIF that says how a picture is turned or mirrored; 1 if it is not."""


@dataclass(frozen=True)
class Form:
    """Form of all images: channels, sides, and how other sides are brought to these."""

    channels: int
    height: int
    width: int
    fit: Fit

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of an image."""
        return self.channels, self.height, self.width


def check_pillow() -> None:
    """Raise NAS608 if Pillow is missing."""
    try:
        import PIL.Image  # noqa: F401
    except ImportError as error:
        raise user_error(
            "NAS608",
            "data source `images` needs Pillow",
            help="pip install dslnas[images]",
            where="data",
        ) from error


def decode(path: Path, form: Form) -> tuple[NDArray[np.uint8], bool]:
    """Return an image in a form, uint8 (channels, height, width), and whether EXIF turned it.

    Of an animation the first frame is taken. Where the form has no transparency, what is
    transparent is laid on white. Raises NAS603 for what is damaged, deep, or would unpack to too
    many pixels.
    """
    import numpy as np
    from PIL import Image

    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    try:
        with warnings.catch_warnings(), reading(path, "image"):
            warnings.simplefilter("ignore")  # about metadata that plays no part here
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                deep = image.mode.startswith(HIGH_DEPTH)
                is_turned = image.getexif().get(ORIENTATION, 1) in range(2, 9)
                pixels = np.asarray(_fitted(image, form), np.uint8)
    except bombs as error:
        most = Image.MAX_IMAGE_PIXELS
        raise damaged(path, f"image has more than {most} pixels", "save it smaller") from error
    if deep:
        raise damaged(path, "image has more than 8 bits a channel", "save it with 8 bits")
    return pixels.reshape(form.height, form.width, -1).transpose(2, 0, 1), is_turned


def _fitted(image: Image, form: Form) -> Image:
    """Return an image upright, in the mode and with the sides of a form."""
    from PIL import Image, ImageOps

    size, how = (form.width, form.height), Image.Resampling.BILINEAR
    image = _in_mode(ImageOps.exif_transpose(image), MODES[form.channels])
    if form.fit == "pad":
        return ImageOps.pad(image, size, how)
    return ImageOps.fit(image, size, how) if form.fit == "crop" else image.resize(size, how)


def _in_mode(image: Image, mode: str) -> Image:
    from PIL import Image

    if image.has_transparency_data and mode != "RGBA":
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert(mode)
