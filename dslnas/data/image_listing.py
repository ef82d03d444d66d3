"""Folders of images: which files are read as examples of which class, and which are not."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from dslnas.data.files import required_folder
from dslnas.data.image_files import Files, counted, files_in, folders_in, in_words, is_utf8, shown
from dslnas.data.image_parts import PARTS, folders_of_parts
from dslnas.diagnostics import UserError, user_error
from dslnas.spelling import did_you_mean

HOLDS = "one folder of images per class, or `train` and `test` with such folders"

Classes = dict[str, tuple[Path, ...]]
"""Images by class."""

_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class Listing:
    """Images by class, of the parts that have folders of their own.

    Attributes:
        unread: How many other files lie there, by ending; pictures without a class, too.
        remarks: Sentences on what is not read, or may not be meant.
    """

    train: Classes
    validation: Classes | None = None
    test: Classes | None = None
    unread: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def parts(self) -> dict[str, Classes | None]:
        """All parts by their names."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def files(self) -> list[Path]:
        """All images."""
        parts = (part or {} for part in self.parts.values())
        return [path for part in parts for paths in part.values() for path in paths]

    @property
    def notes(self) -> tuple[str, ...]:
        """The remarks, and which classes are not in which part."""
        lacking = {
            part: [f"`{name}`" for name in self.train if name not in classes]
            for part, classes in self.parts.items()
            if classes is not None
        }
        told = (
            f"{'classes' if len(names) > 1 else 'class'} {in_words(names)} "
            f"{'have' if len(names) > 1 else 'has'} no {part} images"
            for part, names in lacking.items()
            if names
        )
        return (*self.remarks, *told)

    def without(self, wrong: Container[Path]) -> Listing:
        """Return the listing without some images, and without the classes that have no others."""

        def left(classes: Classes) -> Classes:
            kept = {
                name: tuple(path for path in paths if path not in wrong)
                for name, paths in classes.items()
            }
            return {name: paths for name, paths in kept.items() if paths}

        validation, test = (
            None if part is None else left(part) for part in (self.validation, self.test)
        )
        return replace(self, train=left(self.train), validation=validation, test=test)

    def lost(self, left: Listing) -> dict[str, list[Path]]:
        """Return the images of classes that nothing would train if only some are `left`.

        And those of parts of which nothing is left; by what they are, in words.
        """
        classes = {
            f"class `{name}`": [*paths]
            for name, paths in self.train.items()
            if name not in left.train
        }
        parts = {
            f"the {part} part": [path for paths in mine.values() for path in paths]
            for part, mine in self.parts.items()
            if part != "train" and mine and not left.parts[part]
        }
        return classes | parts


@dataclass(frozen=True)
class _Part:
    """Folder of a part, with the files of its classes and those that lie beside their folders."""

    folder: Path
    classes: dict[str, Files]
    beside: Files

    @property
    def pictures(self) -> Classes:
        return {name: files.pictures for name, files in self.known.items()}

    @property
    def others(self) -> Counter[str]:
        return sum((files.others for files in self.classes.values()), self.beside.others)

    @property
    def known(self) -> dict[str, Files]:
        """The classes that have images."""
        return {name: files for name, files in self.classes.items() if files.pictures}


def listing(folder: Path) -> Listing:
    """Return the images of each class; raise NAS602, NAS603, NAS606 or NAS609 for wrong folders."""
    required_folder(folder, HOLDS)
    folders = folders_of_parts(folder, folders_in(folder))
    train = _read_part(folders.pop("train", folder))
    _check_classes(train, is_part=train.folder != folder)
    parts = {part: _read_part(place) for part, place in folders.items()}
    for part in parts.values():
        _check_known(part, train)
    beside = [part.beside for part in (train, *parts.values())]
    others = sum((part.others for part in parts.values()), train.others)
    if train.folder != folder:
        beside.insert(0, _beside_parts(folder))
        others += beside[0].others
    notes = [note for files in beside for note in _notes_on_loose(files, folder)]
    notes += [note for part in (train, *parts.values()) for note in _notes(part)]
    notes += [
        f"`{part.folder.name}` has no folders of images, and is not read"
        for part in parts.values()
        if not part.known
    ]
    if others:
        notes.append(f"not read: {counted(others)}")
    own = {name: part.pictures for name, part in parts.items() if part.known}
    unread = sum((files.endings for files in beside), others)
    return Listing(
        train.pictures, own.get("validation"), own.get("test"), dict(unread), tuple(notes)
    )


def _beside_parts(folder: Path) -> Files:
    """Return the files that are in no part: those beside the folders, and in folders of others."""
    beside, others = files_in(folder, below=False), Counter[str]()
    for path in folders_in(folder):
        if path.name.casefold() not in PARTS:
            others += files_in(path).others
    return replace(beside, others=beside.others + others)


# ---- classes ------------------------------------------------------------------------------------


def _read_part(folder: Path) -> _Part:
    """Return the files of a part by class, which are in order; numbers by their value."""
    folders = {path: _name_of(path) for path in folders_in(folder)}
    numeric = all(_NUMBER.fullmatch(name) for name in folders.values())
    classes: dict[str, Files] = {}
    for path, name in sorted(
        folders.items(), key=lambda item: (Decimal(item[1]) if numeric else 0, item[1])
    ):
        if name in classes:
            raise user_error(
                "NAS609",
                f"two folders are called `{name}`, in different forms of Unicode",
                help="join them",
                where=str(folder),
            )
        classes[name] = files_in(path)
    return _Part(folder, classes, files_in(folder, below=False))


def _name_of(folder: Path) -> str:
    """Return the name of a class in one form of Unicode; raise NAS609 if it cannot be printed."""
    name = unicodedata.normalize("NFC", folder.name)
    if not is_utf8(folder) or any(unicodedata.category(letter) == "Cc" for letter in name):
        raise user_error(
            "NAS609",
            f"class `{shown(folder).rpartition('/')[2]}` has a name that cannot be printed",
            help="rename the folder",
            where=str(folder.parent),
        )
    return name


def _check_classes(part: _Part, *, is_part: bool) -> None:
    """Raise NAS602, NAS606 or NAS609 unless there are two classes with images, or more.

    `is_part`: Whether the folder is one of others, and not that of all data.
    """
    where = str(part.folder)
    if not part.classes:
        loose = len(part.beside.pictures)
        raise user_error(
            "NAS602",
            f"its {loose} images are in no folders of classes"
            if loose
            else "there are no folders of images",
            help=f"the folder should hold {HOLDS}",
            where=where,
        )
    if len(part.classes) == 1:
        ((name, files),) = part.classes.items()
        place, help = _inner(files.folder), "a classifier needs at least two classes"
        if place and is_part:
            help = _moved(place, part)
        elif place:
            help = f'did you mean `path "{place}"`? The folders in it hold images'
        raise user_error("NAS609", f"there is only the class `{name}`", help=help, where=where)
    empty = {name: files for name, files in part.classes.items() if not files.pictures}
    if empty:
        raise _no_images(empty, where)


def _no_images(empty: Mapping[str, Files], where: str) -> UserError:
    """Return the error for classes without images: NAS606."""
    several = len(empty) > 1
    others = sum((files.others for files in empty.values()), Counter[str]())
    if others:
        help = f"not read: {counted(others)} in {'them' if several else 'it'}; "
        help += "PNG, JPEG, WebP, TIFF and others are"
    else:
        help = f"put images there, or remove the {'folders' if several else 'folder'}"
    return user_error(
        "NAS606",
        f"{'classes' if several else 'class'} {in_words([f'`{name}`' for name in empty])} "
        f"{'have' if several else 'has'} no images",
        help=help,
        where=where,
    )


def _inner(folder: Path) -> Path | None:
    """Return the first folder on the way down that holds several, with images; None if none."""
    inner = folders_in(folder)
    while len(inner) == 1:
        (folder,) = inner
        inner = folders_in(folder)
    return folder if inner and files_in(folder).pictures else None


def _moved(place: Path, part: _Part) -> str:
    """Return the advice for folders of classes that lie too deep in that of a part."""
    return f"move the folders in `{shown(place)}` up into `{shown(part.folder)}`"


def _check_known(part: _Part, train: _Part) -> None:
    """Raise NAS609 for a class that is not in the part that trains."""
    for name in part.known:
        if name not in train.classes:
            deeper = _inner(part.classes[name].folder) if len(part.known) == 1 else None
            near = did_you_mean(name, train.classes) or "both folders need the same classes"
            raise user_error(
                "NAS609",
                f"class `{name}` is in `{part.folder.name}` but not in `{train.folder.name}`",
                help=_moved(deeper, part) if deeper else near,
                where=str(part.folder.parent),
            )


# ---- remarks ------------------------------------------------------------------------------------


def _notes_on_loose(files: Files, folder: Path) -> Iterator[str]:
    """Yield what lies beside the folders of classes, or of parts, in a folder or one in it."""
    if files.pictures:
        place = "" if files.folder == folder else f" in `{files.folder.name}`"
        loose = counted(files.endings)
        yield f"not read, as they lie beside the folders of classes{place}: {loose}"


def _notes(part: _Part) -> Iterator[str]:
    """Yield what is read of a part and may not be expected."""
    deeper = {name: len(f.pictures) - f.direct for name, f in part.classes.items()}
    told = [f"{count} of `{name}`" for name, count in deeper.items() if count]
    if told:
        yield f"read, though they lie in folders below those of their classes: {', '.join(told)}"
    same = {files.folders for files in part.classes.values()}
    if len(same) == 1 and len(*same) > 1 and not any(f.direct for f in part.classes.values()):
        names = " and ".join(f"`{name}`" for name in sorted(*same))
        yield f"the folders of all classes hold the same folders, {names}: are these the classes?"
