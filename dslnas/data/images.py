"""Folders of images, one per class: `root/class/*`, or `root/train/class/*` and `root/test/...`.

Names of files and headers are read to know the shape; of small folders all pictures, so that
mistakes in them are found before a run begins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from itertools import filterfalse
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.data.examples import DataShape, Examples, Inputs, Labels, examples
from dslnas.data.files import check_size, path_of
from dslnas.data.image_damage import (
    FAULTS,
    cause_of,
    named,
    not_to_open,
    nothing_left,
    unreadable,
)
from dslnas.data.image_listing import Classes, Listing, listing
from dslnas.data.pictures import Pictures, is_deep, is_grey, left_out
from dslnas.data.preprocessing import is_picture
from dslnas.diagnostics import UserError, user_error
from dslnas.settings.data import ImageFolder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dslnas.data.preprocessing import Preprocessing

HEIF = (".heic", ".heif", ".hif")

FEW, SMALL = 1000, 2**23
"""Files, and their bytes together, up to which every picture is read to know the shape."""


def known(settings: ImageFolder) -> DataShape | None:
    """Return nothing: other files have other shapes."""
    return None


def shape(settings: ImageFolder) -> DataShape:
    """Return the shape after a look at the folders."""
    folder = path_of(settings)
    found = listing(folder)
    how = _preprocessing(settings, found)
    if _is_small(found.files):
        seen = Pictures()
        for path in found.files:
            decode(path, how, seen)
        found = _readable(folder, found, seen.damaged, settings)
        notes = (*found.notes, *left_out(named(folder, seen.damaged)))
    else:
        told = f"{len(found.files):,} images are opened by `dslnas data` and by runs, not here"
        notes = (*found.notes, told)
    counts = {name: len(paths) for name, paths in found.train.items()}
    return DataShape(
        (how.channels, how.height, how.width),
        len(counts),
        found.test is not None,
        counts,
        notes,
        found.validation is not None,
    )


def read(settings: ImageFolder) -> Examples:
    """Return all images in one form: uint8 (N, channels, height, width).

    Classes are the names of the folders, sorted; numbers by their value.
    """
    folder = path_of(settings)
    found = listing(folder)
    how, seen = _preprocessing(settings, found), Pictures(unread=found.unread)
    check_size(folder, len(found.files) * how.channels * how.height * how.width)
    names = tuple(found.train)
    train, validation, test = (
        None if part is None else _part(part, names, how, seen) for part in found.parts.values()
    )
    found = _readable(folder, found, seen.damaged, settings)
    assert train is not None, "a listing has it"
    made, facts = examples(train, test, names, str(folder)), seen.facts(folder)
    return replace(
        made,
        validation=validation,
        preprocessing=how,
        notes=(*found.notes, *seen.notes(opaque=how.mode != "RGBA"), *facts.left_out),
        pictures=facts,
        files={
            part: tuple(
                path.relative_to(folder).as_posix() for paths in classes.values() for path in paths
            )
            for part, classes in found.parts.items()
            if classes is not None
        },
    )


def _readable(
    folder: Path, found: Listing, wrong: Mapping[Path, str], settings: ImageFolder
) -> Listing:
    """Return what can be read.

    Raises NAS603 if something cannot, and may not be left out: for the settings do not say so, or
    nothing would be left of a class or a part.
    """
    left = found.without(wrong)
    lost = found.lost(left)
    if wrong and settings.skip != "damaged":
        raise unreadable(folder, wrong, len(found.files), leaves=not lost)
    if lost:
        files = {path: wrong[path] for paths in lost.values() for path in paths}
        raise nothing_left(folder, tuple(lost), files)
    return left


def decode(path: Path, how: Preprocessing, seen: Pictures) -> NDArray[np.uint8] | None:
    """Return an image, uint8 (height, width, channels), None if it cannot be read; note both."""
    from dslnas.data.preprocessing import PictureError, is_turned, opened

    if why := not_to_open(path):
        seen.damaged[path] = why
        return None
    try:
        with opened(path) as image:
            was_deep, was_turned = is_deep(image), is_turned(image)  # the latter may load it
            upright = how.pixels(image)
            pixels, size = how.resize(upright), (upright.shape[0], upright.shape[1])
            seen.add(image, was_turned=was_turned, was_deep=was_deep, size=size)
            return pixels
    except PictureError as error:
        seen.damaged[path] = f"{error.message.removeprefix('image ')} ({error.help})"
    except FAULTS as error:
        seen.damaged[path] = cause_of(path, error)
    return None


# ---- before pixels are read ---------------------------------------------------------------------


def _preprocessing(settings: ImageFolder, found: Listing) -> Preprocessing:
    """Return what is done to the pictures; grey ones stay so if all are and nobody asked else."""
    _check_packages(found.files)
    from dslnas.data.preprocessing import CHANNELS, Preprocessing

    channels = settings.channels or (1 if _are_grey(found.files) else 3)
    mode = {count: mode for mode, count in CHANNELS.items()}[channels]
    return Preprocessing(mode, *settings.sides, settings.fit)


def _check_packages(paths: Iterable[Path]) -> None:
    """Raise NAS608 if Pillow is missing, or what it needs for some of the files."""
    try:
        import PIL.Image
    except ImportError as error:
        raise _missing("data source `images` needs Pillow", "pip install pillow") from error
    endings = Counter(path.suffix.lower() for path in paths)
    heif = sum(endings[ending] for ending in HEIF)
    if heif and find_spec("pillow_heif") is None:
        raise _missing(
            f"{heif} HEIC files need pillow-heif",
            "pip install pillow-heif, the extra `heic` of dslnas",
        )
    if endings[".avif"]:
        PIL.Image.init()
        if "AVIF" not in PIL.Image.OPEN:
            message = f"{endings['.avif']} AVIF files need a Pillow that reads them"
            raise _missing(message, "pip install 'pillow>=11.3'")


def _missing(message: str, help: str) -> UserError:
    return user_error("NAS608", message, help=help, where="data")


def _are_grey(paths: Iterable[Path]) -> bool:
    """Whether none of the pictures has colours, by their headers, up to the first that has."""
    from dslnas.data.preprocessing import PictureError, opened

    found = False
    for path in filterfalse(not_to_open, paths):
        with suppress(PictureError, *FAULTS), opened(path) as image:
            found = is_grey(image)
            if not found:
                return False
    return found


def _is_small(paths: Sequence[Path]) -> bool:
    """Whether all pictures may be read to know the shape; what is not there has no size."""
    size = 0
    for path in paths[: FEW + 1]:
        with suppress(OSError):
            size += path.stat().st_size
    return len(paths) <= FEW and size <= SMALL


# ---- pixels -------------------------------------------------------------------------------------


def recognises(path: Path) -> bool:
    """Whether a folder has folders in it, or pictures."""
    return path.is_dir() and any(item.is_dir() or is_picture(item.name) for item in path.iterdir())


def _part(
    classes: Classes, names: Sequence[str], how: Preprocessing, seen: Pictures
) -> tuple[Inputs, Labels]:
    """Return the images of a part, those that can be read."""
    import numpy as np

    files = [(path, names.index(name)) for name, paths in classes.items() for path in paths]
    images = np.empty((len(files), how.channels, how.height, how.width), np.uint8)
    labels = list[int]()
    for path, label in files:
        pixels = decode(path, how, seen)
        if pixels is not None:
            images[len(labels)] = pixels.transpose(2, 0, 1)
            labels.append(label)
    return images[: len(labels)], np.array(labels, np.int64)
