"""Folders of images: which files are read as examples of which class, and which are not."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dslnas.data.files import damaged, reading, required_folder
from dslnas.diagnostics import UserError, user_error

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"})
UNREAD = frozenset({".tif", ".tiff", ".heic", ".avif", ".jp2", ".ppm", ".pgm", ".svg", ".dcm"})
"""Endings of pictures that are not read."""

VALIDATION = ("val", "valid", "validation")
"""Names of the folder of the validation part."""

HOLDS = "one folder of images per class, or `train` and `test` with such folders"

Classes = dict[str, list[Path]]
"""Images by class."""


@dataclass(frozen=True)
class Listing:
    """Images by class, of the parts that have folders of their own, and remarks on others."""

    train: Classes
    validation: Classes | None
    test: Classes | None
    notes: tuple[str, ...]


def listing(folder: Path) -> Listing:
    """Return the images of each class; raise NAS602, NAS603, NAS606 or NAS609 for wrong folders."""
    required_folder(folder, HOLDS)
    top = {path.name: path for path in _folders(folder)}
    if "train" not in top or not _folders(top["train"]):
        _check_train(folder, top)
        classes = _classes(folder)
        return Listing(classes, None, None, tuple(_notes(folder, classes)))
    names = {name: "validation" if name in VALIDATION else name for name in top}
    for name, part in names.items():
        if part not in ("train", "validation", "test") or list(names.values()).count(part) > 1:
            raise damaged(
                folder,
                f"unexpected folder `{name}` beside `train`",
                "only `train`, `val` and `test` are read; without them the split makes the parts",
            )
    train, notes = _classes(top["train"]), list[str]()
    parts = {part: _classes(top[name]) for name, part in names.items() if part != "train"}
    for part, classes in parts.items():
        for name in classes:
            if name not in train:
                raise user_error(
                    "NAS609",
                    f"class `{name}` is in `{_name_of(part, names)}` but not in `train`",
                    help="both folders need the same classes",
                    where=str(folder),
                )
    for name, part in names.items():
        notes += _notes(top[name], parts.get(part, train))
    for part, classes in parts.items():
        lacking = [f"`{name}`" for name in train if name not in classes]
        if lacking:
            notes.append(f"class {', '.join(lacking)} has no {part} images")
    return Listing(train, parts.get("validation"), parts.get("test"), tuple(notes))


def _name_of(part: str, names: Mapping[str, str]) -> str:
    return next(name for name, of in names.items() if of == part)


def _check_train(folder: Path, top: Mapping[str, Path]) -> None:
    """Raise NAS602 if there are folders of parts, and none of the part that trains."""
    if top and set(top) <= {*VALIDATION, "test"} and all(map(_folders, top.values())):
        others = " and ".join(f"`{name}`" for name in top)
        raise user_error(
            "NAS602",
            f"there is no folder `train` beside {others}",
            help="name the folder of the images that train `train`",
            where=str(folder),
        )


def _classes(folder: Path) -> Classes:
    folders = _folders(folder)
    if all(path.name.isdecimal() for path in folders):
        folders.sort(key=lambda path: (int(path.name), path.name))
    with reading(folder, "folder"):
        classes = {path.name: sorted(p for p in path.iterdir() if _is_image(p)) for path in folders}
    if not classes:
        raise user_error(
            "NAS602",
            "there are no folders of images",
            help=f"the folder should hold {HOLDS}",
            where=str(folder),
        )
    for name, paths in classes.items():
        if not paths:
            raise _without_images(folder, name)
    if len(classes) == 1:
        raise user_error(
            "NAS609",
            f"there is only the class `{next(iter(classes))}`",
            help="a classifier needs at least two classes",
            where=str(folder),
        )
    return classes


def _without_images(folder: Path, name: str) -> UserError:
    """Return the error for a class without images, with what its folder has instead."""
    place, endings = folder / name, ", ".join(sorted(SUFFIXES))
    help = f"images end in {endings}"
    unread, deeper = _unread(place), [path for path in _folders(place) if _count_below(path)]
    if unread:
        help = f"its {_told(unread)} are not read: {help}"
    if len(deeper) > 1:
        help = f'the folders in it hold images: write `path "{place}"` if they are the classes'
    return user_error("NAS606", f"class `{name}` has no images", help=help, where=str(folder))


def _notes(folder: Path, classes: Mapping[str, list[Path]]) -> Iterator[str]:
    """Yield what lies in the folders and is not read."""
    with reading(folder, "folder"):
        loose = sum(_is_image(path) and path.is_file() for path in folder.iterdir())
    if loose:
        yield f"{loose} images lie in {folder}, beside the folders of classes, and are not read"
    for name in classes:
        below = sum(map(_count_below, _folders(folder / name)))
        if below:
            yield (
                f"{below} images in folders below class `{name}` are not read: move them up into "
                f"{folder / name}"
            )
        unread = _unread(folder / name)
        if unread:
            yield f"{_told(unread)} of class `{name}` are not read: save them as .png"


def _unread(folder: Path) -> Counter[str]:
    """Return how many pictures of a folder have an ending that is not read."""
    with reading(folder, "folder"):
        endings = (path.suffix.lower() for path in folder.iterdir() if not _is_litter(path))
        return Counter(ending for ending in endings if ending in UNREAD)


def _told(endings: Counter[str]) -> str:
    return " and ".join(f"{count} {ending} files" for ending, count in sorted(endings.items()))


def _count_below(folder: Path) -> int:
    """Return how many images lie in a folder or deeper."""
    return sum(
        _is_image(Path(place, name)) for place, _, names in os.walk(folder) for name in names
    )


def _folders(folder: Path) -> list[Path]:
    """Return the folders in `folder`, sorted, without those that tools leave behind."""
    with reading(folder, "folder"):
        return sorted(p for p in folder.iterdir() if p.is_dir() and not _is_litter(p))


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not _is_litter(path)


def _is_litter(path: Path) -> bool:
    return path.name.startswith(".") or path.name == "__MACOSX"
