"""One image file to one array, with Pillow, which is an optional package."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.data.files import damaged, reading
from dslnas.diagnostics import user_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
HIGH_DEPTH = ("I", "F")  # 16 and 32 bits a pixel, which `convert` would clip to white


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


def decode(path: Path, size: int) -> NDArray[np.uint8]:
    """Return the image as RGB, resized to a square: uint8 (3, size, size).

    Of an animation the first frame is taken; transparency is dropped; sides may be scaled by
    different factors. Raises NAS603 for what is damaged, deep, or would unpack to too many pixels.
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
                small = image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    except bombs as error:
        most = Image.MAX_IMAGE_PIXELS
        raise damaged(path, f"image has more than {most} pixels", "save it smaller") from error
    if deep:
        raise damaged(path, "image has more than 8 bits a channel", "save it with 8 bits")
    return np.asarray(small, np.uint8).transpose(2, 0, 1)
