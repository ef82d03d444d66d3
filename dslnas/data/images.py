"""Folders of images, one per class: `root/class/*`, or `root/train/class/*` and `root/test/...`.

Names of files and headers are read to know the shape; of small folders all pictures, so that
mistakes in them are found before a run begins.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from itertools import filterfalse
from os.path import isdir
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.data.examples import DataShape, Examples, In, Inputs, Labels, examples
from dslnas.data.files import check_size, path_of
from dslnas.data.image_damage import FAULTS, named, not_to_open, nothing_left, unreadable
from dslnas.data.image_listing import Classes, Listing, listing
from dslnas.data.package import check_pillow, missing
from dslnas.data.pictures import Pictures, is_grey, left_out
from dslnas.data.preprocessing import is_picture
from dslnas.data.progress import READ, Progress
from dslnas.data.streaming import is_streamed
from dslnas.settings.images import ImageFolder

if TYPE_CHECKING:
    from dslnas.data.picture_files import PictureFiles
    from dslnas.data.preprocessing import Preprocessing

HEIF = (".heic", ".heif", ".hif")

NUMBER_BYTES = 4
"""Bytes of a number of an image in memory, float32."""

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
        from dslnas.data.picture_files import decode

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


def read(settings: ImageFolder) -> Examples[Inputs] | Examples[PictureFiles]:
    """Return all images in one form: uint8 (N, channels, height, width), or their files.

    Classes are the names of the folders, sorted; numbers by their value.
    """
    folder = path_of(settings)
    found = listing(folder)
    how, seen = _preprocessing(settings, found), Pictures(unread=found.unread)
    names = tuple(found.train)
    count = len(found.files) * how.channels * how.height * how.width
    if is_streamed(settings.stream, NUMBER_BYTES * count):
        files = _surveyed(folder, found, how, seen, settings)
        seen.streamed = True

        def streamed(part: Classes, start: int) -> tuple[PictureFiles, Labels]:
            return _in_files(files, part, names, start, seen)

        return _made(folder, found, streamed, how, seen, settings)
    check_size(folder, count)

    progress = Progress(len(found.files), READ)

    def held(part: Classes, start: int) -> tuple[Inputs, Labels]:
        return _in_memory(part, names, how, seen, progress)

    return _made(folder, found, held, how, seen, settings)


def _made(
    folder: Path,
    found: Listing,
    read_part: Callable[[Classes, int], tuple[In, Labels]],
    how: Preprocessing,
    seen: Pictures,
    settings: ImageFolder,
) -> Examples[In]:
    """Return the images of a listing.

    `read_part` returns those of a part that can be read, the first of which is that number of all.
    """
    parts, start = list[tuple[In, Labels] | None](), 0
    for part in found.parts.values():
        parts.append(None if part is None else read_part(part, start))
        start += sum(map(len, (part or {}).values()))
    train, validation, test = parts
    names, found = tuple(found.train), _readable(folder, found, seen.damaged, settings)
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


# ---- before pixels are read ---------------------------------------------------------------------


def _preprocessing(settings: ImageFolder, found: Listing) -> Preprocessing:
    """Return what is done to the pictures; grey ones stay so if all are and nobody asked else."""
    _check_packages(found.files)
    from dslnas.data.preprocessing import CHANNELS, Preprocessing

    channels = settings.channels or (1 if _are_grey(found.files) else 3)
    mode = {count: mode for mode, count in CHANNELS.items()}[channels]
    how = Preprocessing(mode, *settings.sides, settings.fit)
    return replace(how, shorter_side=settings.shorter_side)


def _check_packages(paths: Iterable[Path]) -> None:
    """Raise NAS608 if Pillow is missing, or what it needs for some of the files."""
    check_pillow("images")
    endings = Counter(path.suffix.lower() for path in paths)
    heif = sum(endings[ending] for ending in HEIF)
    if heif and find_spec("pillow_heif") is None:
        raise missing(
            f"{heif} HEIC files need pillow-heif",
            "pip install pillow-heif, the extra `heic` of dslnas",
        )
    if endings[".avif"]:
        import PIL.Image

        PIL.Image.init()
        if "AVIF" not in PIL.Image.OPEN:
            message = f"{endings['.avif']} AVIF files need a Pillow that reads them"
            raise missing(message, "pip install 'pillow>=11.3'")


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
    return isdir(path) and any(isdir(item) or is_picture(item.name) for item in path.iterdir())


def _in_memory(
    classes: Classes,
    names: Sequence[str],
    how: Preprocessing,
    seen: Pictures,
    progress: Progress,
) -> tuple[Inputs, Labels]:
    """Return the images of a part, those that can be read."""
    import numpy as np

    from dslnas.data.picture_files import decode

    files = _labelled(classes, names)
    images = np.empty((len(files), how.channels, how.height, how.width), np.uint8)
    labels = list[int]()
    for path, label in files:
        pixels = decode(path, how, seen)
        progress.add(1)
        if pixels is not None:
            images[len(labels)] = pixels.transpose(2, 0, 1)
            labels.append(label)
    return images[: len(labels)], np.array(labels, np.int64)


def _surveyed(
    folder: Path, found: Listing, how: Preprocessing, seen: Pictures, settings: ImageFolder
) -> PictureFiles:
    """Return the files of all images, each of which is read once."""
    import numpy as np

    from dslnas.data.picture_files import PictureFiles
    from dslnas.data.picture_survey import survey
    from dslnas.data.workers import usual_workers

    workers = usual_workers() if settings.workers is None else settings.workers
    known = survey(found.files, how, workers)
    seen.extend(known.pictures)
    below = np.array([os.fsencode(path.relative_to(folder)) for path in found.files])
    return PictureFiles(folder, below, how, known.fingerprints, known.level_sums, workers)


def _in_files(
    files: PictureFiles, classes: Classes, names: Sequence[str], start: int, seen: Pictures
) -> tuple[PictureFiles, Labels]:
    """Return the files of a part, those that can be read; `start` is its first one."""
    import numpy as np

    readable = [
        (row, label)
        for row, (path, label) in enumerate(_labelled(classes, names), start)
        if path not in seen.damaged
    ]
    rows, labels = np.array(readable, np.int64).reshape(-1, 2).T
    return files[rows], labels


def _labelled(classes: Classes, names: Sequence[str]) -> list[tuple[Path, int]]:
    numbers = {name: number for number, name in enumerate(names)}
    return [(path, numbers[name]) for name, paths in classes.items() for path in paths]
