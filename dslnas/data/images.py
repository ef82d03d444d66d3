"""Folders of images, one per class: `root/class/*`, or `root/train/class/*` and `root/test/...`.

Only folders and their names are read to know the shape; pixels need Pillow.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.data.examples import DataShape, Examples, Inputs, Labels, examples
from dslnas.data.files import check_size, damaged, path_of, reading
from dslnas.data.image_listing import Classes, listing
from dslnas.diagnostics import Diagnostics, user_error
from dslnas.settings.data import ImageFolder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dslnas.data.preprocessing import Preprocessing


def known(settings: ImageFolder) -> DataShape | None:
    """Return nothing: other files have other shapes."""
    return None


def shape(settings: ImageFolder) -> DataShape:
    """Return the shape after a look at the folders."""
    found = listing(path_of(settings))
    counts = {name: len(paths) for name, paths in found.train.items()}
    has_test = found.test is not None
    has_validation = found.validation is not None
    shape = (settings.channels or 3, *settings.sides)
    return DataShape(shape, len(counts), has_test, counts, found.notes, has_validation)


def read(settings: ImageFolder) -> Examples:
    """Return all images in one form: uint8 (N, channels, height, width).

    Classes are the names of the folders, sorted; numbers by their value.
    """
    folder = path_of(settings)
    found = listing(folder)
    names, diagnostics, notes = tuple(found.train), Diagnostics(), list[str]()
    check_pillow()
    how = _preprocessing(settings)
    train, validation, test = (
        None if part is None else _part(folder, part, names, how, diagnostics, notes)
        for part in (found.train, found.validation, found.test)
    )
    diagnostics.raise_if_any()
    assert train is not None, "a listing has it"
    made = examples(train, test, names, str(folder))
    return replace(made, validation=validation, preprocessing=how, notes=tuple(notes))


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


def decode(path: Path, how: Preprocessing) -> tuple[NDArray[np.uint8], bool]:
    """Return an image, uint8 (height, width, channels), and whether EXIF turned it; NAS603 else."""
    from dslnas.data.preprocessing import PictureError, is_turned, opened

    try:
        with reading(path, "image"), opened(path) as image:
            return how.resize(how.pixels(image)), is_turned(image)
    except PictureError as error:
        raise damaged(path, error.message, error.help) from error


def _preprocessing(settings: ImageFolder) -> Preprocessing:
    from dslnas.data.preprocessing import CHANNELS, Preprocessing

    mode = {count: mode for mode, count in CHANNELS.items()}[settings.channels or 3]
    background = "" if mode == "RGBA" else "white"
    return Preprocessing(mode, *settings.sides, settings.fit, background=background)


def _part(
    folder: Path,
    classes: Classes,
    names: tuple[str, ...],
    how: Preprocessing,
    diagnostics: Diagnostics,
    notes: list[str],
) -> tuple[Inputs, Labels]:
    """Return the images of a part; every file that cannot be read is recorded."""
    import numpy as np

    files = [(path, names.index(name)) for name, paths in classes.items() for path in paths]
    shape = (len(files), how.channels, how.height, how.width)
    check_size(folder, math.prod(shape))
    images, turned = np.empty(shape, np.uint8), 0
    for row, (path, _) in enumerate(files):
        with diagnostics.collecting():
            pixels, is_turned = decode(path, how)
            images[row], turned = pixels.transpose(2, 0, 1), turned + is_turned
    if turned:
        notes.append(f"{turned} of {len(files)} images were turned upright, as their EXIF says")
    return images, np.array([label for _, label in files], np.int64)
