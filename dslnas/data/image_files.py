"""Files below a folder: which are pictures by their names, and how many others there are."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from os.path import isdir
from pathlib import Path

from dslnas.data.files import reading
from dslnas.data.preprocessing import is_meant, is_picture, walk

NAMED = 12
"""Classes that a message names, if there are many more."""


@dataclass(frozen=True)
class Files:
    """Files of a folder, with those of all folders below it.

    Attributes:
        folder: The folder.
        pictures: Files that are read, in the order of their names.
        direct: How many of them lie in the folder itself.
        others: How many other files there are, by ending.
    """

    folder: Path
    pictures: tuple[Path, ...] = ()
    direct: int = 0
    others: Counter[str] = field(default_factory=Counter)

    @property
    def endings(self) -> Counter[str]:
        """Numbers of pictures by ending."""
        return Counter(path.suffix.lower() for path in self.pictures)

    @property
    def folders(self) -> frozenset[str]:
        """Names of the folders in it that hold pictures."""
        at = len(self.folder.parts)
        inner = (path.parts[at : at + 2] for path in self.pictures)
        return frozenset(first for first, *deeper in inner if deeper)


def files_in(folder: Path, *, below: bool = True) -> Files:
    """Return the files of a folder, of those `below` it too, without litter."""
    pictures, others, direct = list[Path](), Counter[str](), 0
    with reading(folder, "folder"):
        for place, names in walk(folder, below=below):
            for name in names:
                if is_picture(name):
                    pictures.append(Path(place, name))
                    direct += place == str(folder)
                else:
                    others[os.path.splitext(name)[1].lower()] += 1
    return Files(folder, tuple(sorted(pictures)), direct, others)


def folders_in(folder: Path) -> list[Path]:
    """Return the folders in a folder, in the order of their names, without litter."""
    with reading(folder, "folder"):
        return sorted(path for path in folder.iterdir() if isdir(path) and is_meant(path.name))


def is_utf8(path: Path) -> bool:
    """Whether a path can be written into text files, as its bytes are UTF-8."""
    return not any("\ud800" <= letter <= "\udfff" for letter in str(path))


def shown(path: Path) -> str:
    """Return a path as text; bytes that are not UTF-8 stand there as hexadecimal numbers."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def counted(endings: Counter[str]) -> str:
    """Return in words how many files have which ending, those of the most files first."""
    ordered = sorted(endings.items(), key=lambda item: (-item[1], item[0]))
    return " and ".join(
        f"{count} {f'{ending} ' if ending else ''}file{'s' * (count != 1)}"
        f"{'' if ending else ' without an ending'}"
        for ending, count in ordered
    )


def in_words(names: Sequence[str]) -> str:
    """Return names as people list them, the first of many."""
    more = len(names) - NAMED
    told = [*names[:NAMED], f"{more} more"] if more > 1 else names
    *first, last = told
    return f"{', '.join(first)} and {last}" if first else last
