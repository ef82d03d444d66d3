"""Folders of images, one per class: `root/class/*`, or `root/train/class/*` and `root/test/...`.

Names of files and headers are read to know the shape; of small folders all pictures, so that
mistakes in them are found before a run begins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from itertools import filterfalse
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.data.examples import DataShape, Examples, Inputs, Labels, examples
from dslnas.data.files import check_size, path_of
from dslnas.data.image_damage import FAULTS, cause_of, unreadable
from dslnas.data.image_files import SUFFIXES, is_utf8
from dslnas.data.image_listing import Classes, Listing, listing
from dslnas.data.pictures import Pictures, is_deep, is_grey
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
    notes, is_small = found.notes, _is_small(found.files)
    if is_small and settings.skip != "damaged":
        _check_files(folder, found.files, how)
    if not is_small:
        notes += (f"{len(found.files):,} images are opened by `dslnas data` and by runs, not here",)
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
    names, files = tuple(found.train), dict[str, tuple[str, ...]]()
    parts = {"train": found.train, "validation": found.validation, "test": found.test}
    train, validation, test = (
        None if part is None else _part(part, names, how, seen) for part in parts.values()
    )
    for part, classes in parts.items():
        paths = (path for one in (classes or {}).values() for path in one)
        kept = (path for path in paths if path not in seen.damaged)
        files[part] = tuple(path.relative_to(folder).as_posix() for path in kept)
    if seen.damaged and settings.skip != "damaged":
        raise unreadable(folder, seen.damaged, len(found.files))
    assert train is not None, "a listing has it"
    if validation is not None and not len(validation[1]):
        raise user_error("NAS606", "there are no validation examples", where=str(folder))
    made = examples(train, test, names, str(folder))
    return replace(
        made,
        validation=validation,
        preprocessing=how,
        notes=(*found.notes, *seen.notes(folder, opaque=how.mode != "RGBA")),
        pictures=seen.facts(folder),
        files=files,
    )


def decode(path: Path, how: Preprocessing, seen: Pictures) -> NDArray[np.uint8] | None:
    """Return an image, uint8 (height, width, channels), None if it cannot be read; note both."""
    from dslnas.data.preprocessing import PictureError, is_turned, opened

    if why := _not_to_open(path):
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


def _not_to_open(path: Path) -> str:
    """Return why a picture is not even opened, or "": opening a pipe would wait for its writer."""
    if not is_utf8(path):
        return "has a name that is not UTF-8"
    return "is no file" if path.exists() and not path.is_file() else ""


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
        raise _missing("data source `images` needs Pillow", "pip install dslnas[images]") from error
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
    for path in filterfalse(_not_to_open, paths):
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


def _check_files(folder: Path, paths: Sequence[Path], how: Preprocessing) -> None:
    """Raise NAS603 for all pictures that cannot be read."""
    seen = Pictures()
    for path in paths:
        decode(path, how, seen)
    if seen.damaged:
        raise unreadable(folder, seen.damaged, len(paths))


# ---- pixels -------------------------------------------------------------------------------------


def recognises(path: Path) -> bool:
    """Whether a folder has folders in it, or pictures."""
    return path.is_dir() and any(
        item.is_dir() or item.suffix.lower() in SUFFIXES for item in path.iterdir()
    )


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
