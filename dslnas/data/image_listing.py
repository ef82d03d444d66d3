"""Folders of images: which files are read as examples of which class, and which are not."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from dslnas.data.files import damaged, required_folder
from dslnas.data.image_files import SUFFIXES, Files, counted, files_in, folders_in, shown
from dslnas.diagnostics import UserError, did_you_mean, user_error

PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""Part by the name of its folder, in letters of any case."""

HOLDS = "one folder of images per class, or `train` and `test` with such folders"

Classes = dict[str, tuple[Path, ...]]
"""Images by class."""

_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class Listing:
    """Images by class, of the parts that have folders of their own.

    Attributes:
        unread: How many other files lie there, by ending.
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
        return {name: files.pictures for name, files in self.classes.items()}

    @property
    def others(self) -> Counter[str]:
        return sum((files.others for files in self.classes.values()), self.beside.others)


def listing(folder: Path) -> Listing:
    """Return the images of each class; raise NAS602, NAS603, NAS606 or NAS609 for wrong folders."""
    required_folder(folder, HOLDS)
    folders = _folders_of_parts(folder, folders_in(folder))
    train = _read_part(folders.pop("train", folder))
    _check_classes(train)
    parts = {part: _read_part(place) for part, place in folders.items()}
    parts = {name: _without_empty(part) for name, part in parts.items()}
    for part in parts.values():
        _check_known(part, train)
    others = train.others if train.folder == folder else train.others + _beside(folder, folders)
    others = sum((part.others for part in parts.values()), others)
    notes = [*_notes(train), *(note for part in parts.values() for note in _notes(part))]
    notes += _notes_on_parts(train, parts)
    if others:
        notes.append(f"not read: {counted(others)}")
    own = {name: part.pictures for name, part in parts.items() if part.classes}
    return Listing(
        train.pictures, own.get("validation"), own.get("test"), dict(others), tuple(notes)
    )


# ---- parts --------------------------------------------------------------------------------------


def _folders_of_parts(folder: Path, top: Sequence[Path]) -> dict[str, Path]:
    """Return the folder of each part; none where the folders are those of classes.

    A folder of this name is one of a part if it has folders in it, or stands beside other parts
    alone: a class may be called `train`.
    """
    part_of = {path: PARTS.get(path.name.casefold(), "") for path in top}
    trains = [path for path, part in part_of.items() if part == "train"]
    if not any(map(folders_in, trains)):
        if len(top) > 1 and all(part_of.values()):
            raise _no_train(folder, top, trains)
        _check_resembling(folder, top)
        return {}
    found: dict[str, Path] = {}
    for path, part in part_of.items():
        if part in found:
            raise damaged(
                folder,
                f"`{found[part].name}` and `{path.name}` are both folders of the {part} part",
                "join them, or move one elsewhere",
            )
        if not part and files_in(path).pictures:
            raise damaged(
                folder,
                f"unexpected folder `{path.name}` beside `{trains[0].name}`",
                "only `train`, `val` and `test` are read; without them the split makes the parts",
            )
        if part:
            found[part] = path
    return found


def _no_train(folder: Path, top: Sequence[Path], trains: Sequence[Path]) -> UserError:
    """Return the error for folders of parts none of which has classes to train."""
    if trains:
        name = trains[0].name
        message = f"`{name}` has no folders of classes in it"
        help = f"put the images of each class into a folder of its own in `{name}`"
    else:
        others = " and ".join(f"`{path.name}`" for path in top)
        message = f"there is no folder `train` beside {others}"
        help = "name the folder of the images that train `train`"
    return user_error("NAS602", message, help=help, where=str(folder))


def _check_resembling(folder: Path, top: Sequence[Path]) -> None:
    """Raise NAS602 for folders such as `seg_train` and `seg_test`, which would become classes."""
    similar = {
        part: path
        for path in top
        for word in re.split(r"[\W_\d]+", path.name.casefold())
        if (part := PARTS.get(word)) and folders_in(path) and not files_in(path, below=False).direct
    }
    if "train" in similar and len(similar) > 1:
        names = " and ".join(f"`{path.name}`" for path in similar.values())
        wanted = " and ".join(f"`{part}`" for part in similar)
        raise user_error(
            "NAS602",
            f"{names} look like parts, and would be read as classes",
            help=f"call them {wanted}",
            where=str(folder),
        )


def _beside(folder: Path, parts: Mapping[str, Path]) -> Counter[str]:
    """Return how many files without a part there are, by ending."""
    others = files_in(folder, below=False).others
    for path in folders_in(folder):
        if path.name.casefold() not in PARTS:
            others += files_in(path).others
    return others


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
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        raise user_error(
            "NAS609",
            f"class `{shown(folder).rpartition('/')[2]}` has a name that cannot be printed",
            help="rename the folder",
            where=str(folder.parent),
        )
    return name


def _without_empty(part: _Part) -> _Part:
    """Return a part that measures, without classes that have no images there."""
    classes = {name: files for name, files in part.classes.items() if files.pictures}
    return _Part(part.folder, classes, part.beside)


def _check_classes(part: _Part) -> None:
    """Raise NAS602, NAS606 or NAS609 unless there are two classes with images, or more."""
    where = str(part.folder)
    if not part.classes:
        raise user_error(
            "NAS602",
            "there are no folders of images",
            help=f"the folder should hold {HOLDS}",
            where=where,
        )
    if len(part.classes) == 1:
        ((name, files),) = part.classes.items()
        help = "a classifier needs at least two classes"
        if place := _inner(files.folder):
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


def _check_known(part: _Part, train: _Part) -> None:
    """Raise NAS609 for a class that is not in the part that trains."""
    for name in part.classes:
        if name not in train.classes:
            raise user_error(
                "NAS609",
                f"class `{name}` is in `{part.folder.name}` but not in `{train.folder.name}`",
                help=did_you_mean(name, train.classes) or "both folders need the same classes",
                where=str(part.folder.parent),
            )


# ---- remarks ------------------------------------------------------------------------------------


def _notes(part: _Part) -> Iterator[str]:
    """Yield what lies in the folders of a part and is not read, or read and not expected."""
    if part.beside.pictures:
        loose = counted(Counter(path.suffix.lower() for path in part.beside.pictures))
        yield f"not read, as they lie beside the folders of classes in {part.folder}: {loose}"
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
        if not part.classes:
            yield f"`{part.folder.name}` has no folders of images, and is not read"
            continue
        lacking = [f"`{known}`" for known in train.classes if known not in part.classes]
        if lacking:
            yield f"class {', '.join(lacking)} has no {name} images"
