"""Folders of images, one per class: `root/class/*`, or `root/train/class/*` and `root/test/...`.

Only folders and their names are read to know the shape; pixels need Pillow.
"""

from __future__ import annotations

from pathlib import Path

from dslnas.data.examples import DataShape, Examples, Inputs, Labels, examples
from dslnas.data.files import check_size, damaged, path_of, reading, required_folder
from dslnas.data.pixels import check_pillow, decode
from dslnas.diagnostics import user_error
from dslnas.settings.data import ImageFolder

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"})
CHANNELS = 3
HOLDS = "one folder of images per class, or `train` and `test` with such folders"


def known(settings: ImageFolder) -> DataShape | None:
    """Return nothing: other files have other shapes."""
    return None


def shape(settings: ImageFolder) -> DataShape:
    """Return the shape, 3 x size x size, after a look at the folders."""
    folder = path_of(settings)
    train, test = _listing(folder)
    size = settings.size
    counts = {name: len(paths) for name, paths in train.items()}
    return DataShape((CHANNELS, size, size), len(train), test is not None, counts)


def read(settings: ImageFolder) -> Examples:
    """Return all images as RGB, resized to squares: uint8 (N, 3, size, size).

    Classes are the names of the folders, sorted.
    """
    folder = path_of(settings)
    train, test = _listing(folder)
    names, size = tuple(train), settings.size
    return examples(
        _part(folder, train, names, size),
        _part(folder, test, names, size) if test is not None else None,
        names,
        str(folder),
    )


def _listing(folder: Path) -> tuple[dict[str, list[Path]], dict[str, list[Path]] | None]:
    """Return the images of each class, of the training part and of the test part."""
    required_folder(folder, HOLDS)
    top = {path.name: path for path in _folders(folder)}
    if "train" not in top or not _folders(top["train"]):
        return _classes(folder), None
    for name in top:
        if name not in ("train", "test"):
            raise damaged(
                folder,
                f"unexpected folder `{name}` beside `train`",
                "only `train` and `test` are read; the split makes the validation part",
            )
    train = _classes(top["train"])
    if "test" not in top:
        return train, None
    test = _classes(top["test"])
    for name in test:
        if name not in train:
            raise user_error(
                "NAS609",
                f"class `{name}` is in `test` but not in `train`",
                help="both folders need the same classes",
                where=str(folder),
            )
    return train, test


def _classes(folder: Path) -> dict[str, list[Path]]:
    with reading(folder, "folder"):
        classes = {
            path.name: sorted(p for p in path.iterdir() if _is_image(p))
            for path in _folders(folder)
        }
    if not classes:
        raise user_error(
            "NAS602",
            "there are no folders of images",
            help=f"the folder should hold {HOLDS}",
            where=str(folder),
        )
    for name, paths in classes.items():
        if not paths:
            raise user_error(
                "NAS606",
                f"class `{name}` has no images",
                help=f"images end in {', '.join(sorted(SUFFIXES))}",
                where=str(folder),
            )
    if len(classes) == 1:
        raise user_error(
            "NAS609",
            f"there is only the class `{next(iter(classes))}`",
            help="a classifier needs at least two classes",
            where=str(folder),
        )
    return classes


def _folders(folder: Path) -> list[Path]:
    """Return the folders in `folder`, sorted, without those that tools leave behind."""
    with reading(folder, "folder"):
        return sorted(p for p in folder.iterdir() if p.is_dir() and not _is_litter(p))


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not _is_litter(path)


def _is_litter(path: Path) -> bool:
    return path.name.startswith(".") or path.name == "__MACOSX"


def _part(
    folder: Path, listing: dict[str, list[Path]], names: tuple[str, ...], size: int
) -> tuple[Inputs, Labels]:
    import numpy as np

    check_pillow()
    files = [(path, names.index(name)) for name, paths in listing.items() for path in paths]
    check_size(folder, len(files) * CHANNELS * size * size)
    images = np.empty((len(files), CHANNELS, size, size), np.uint8)
    for row, (path, _) in enumerate(files):
        images[row] = decode(path, size)
    return images, np.array([label for _, label in files], np.int64)
