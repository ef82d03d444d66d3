"""Folders of images: which files are read as examples of which class, and which are not."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from dslnas.data.files import required_folder
from dslnas.data.image_files import SUFFIXES, Files, counted, files_in, folders_in, is_utf8, shown
from dslnas.data.image_parts import PARTS, folders_of_parts
from dslnas.diagnostics import did_you_mean, user_error

HOLDS = "one folder of images per class, or `train` and `test` with such folders"

Classes = dict[str, tuple[Path, ...]]
"""Images by class."""

_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class Listing:
    """Images by class, of the parts that have folders of their own.

    Attributes:
        unread: How many other files lie there, by ending; pictures without a class, too.
        notes: Remarks on what is not read, or may not be meant.
    """

    train: Classes
    validation: Classes | None = None
    test: Classes | None = None
    unread: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> list[Path]:
        """All images."""
        parts = (self.train, self.validation or {}, self.test or {})
        return [path for part in parts for paths in part.values() for path in paths]


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
    _check_classes(train)
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
    notes += _notes_on_parts(train, parts)
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


def _check_classes(part: _Part) -> None:
    """Raise NAS602, NAS606 or NAS609 unless there are two classes with images, or more."""
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
        if place and PARTS.get(part.folder.name.casefold()):
            help = _moved(place, part)
        elif place:
            help = f'did you mean `path "{place}"`? The folders in it hold images'
        raise user_error("NAS609", f"there is only the class `{name}`", help=help, where=where)
    for name, files in part.classes.items():
        if not files.pictures:
            help = f"images end in {', '.join(sorted(SUFFIXES))}"
            if files.others:
                help = f"{counted(files.others)} in it are not read: {help}"
            raise user_error("NAS606", f"class `{name}` has no images", help=help, where=where)


def _inner(folder: Path) -> Path | None:
    """Return the first folder on the way down that holds several, with images; None if none."""
    while folder is not None:
        inner = folders_in(folder)
        if len(inner) > 1:
            return folder if files_in(folder).pictures else None
        if not inner:
            return None
        (folder,) = inner
    return None


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


def _notes_on_parts(train: _Part, parts: Mapping[str, _Part]) -> Iterator[str]:
    """Yield the classes that parts lack, and parts without any."""
    for name, part in parts.items():
        if not part.known:
            yield f"`{part.folder.name}` has no folders of images, and is not read"
            continue
        lacking = [f"`{known}`" for known in train.classes if known not in part.known]
        if lacking:
            yield f"class {', '.join(lacking)} has no {name} images"
