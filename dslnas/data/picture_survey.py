"""All pictures of a folder read once, and what is kept of them: all but their pixels.

So a run that reads pictures while it trains knows before its first step what one knows that holds
them: which cannot be read, which are equal, what normalises them. It is kept for the next run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import __version__ as pillow
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from torch.utils.data import Dataset

from dslnas.data.exact_sums import unit_sums
from dslnas.data.fingerprints import fingerprint
from dslnas.data.picture_files import decode, level_counts
from dslnas.data.pictures import Pictures
from dslnas.data.preprocessing import Preprocessing
from dslnas.data.progress import READ, Progress
from dslnas.data.workers import read_in_order
from dslnas.diagnostics import UserError
from dslnas.files import make_folder, user_cache, write_whole
from dslnas.json_model import JsonModel
from dslnas.regular import regular

CHUNK = 64
"""Pictures that a process reads before it says what it found."""

_FACTS = "pictures"


@dataclass(frozen=True)
class Survey:
    """Facts about pictures.

    Attributes:
        pictures: Those of all together.
        fingerprints: See `PictureFiles`; 0 for one that cannot be read.
        level_sums: See `PictureFiles`; 0 for one that cannot be read.
    """

    pictures: Pictures
    fingerprints: NDArray[np.int64]
    level_sums: NDArray[np.int64]


class _Facts(JsonModel):
    """The numbers of `Pictures`, as they are kept; `damaged` by the row of a picture."""

    turned: int
    transparent: int
    deep: int
    several: int
    damaged: dict[int, str]


def survey(paths: Sequence[Path], how: Preprocessing, workers: int) -> Survey:
    """Read all pictures, or return what an earlier run found if no file has changed since then."""
    kept = user_cache() / "pictures" / f"{_key(paths, how)}.safetensors"
    found = _kept(kept, paths)
    if found is None:
        found = _read(paths, how, workers)
        with suppress(UserError):  # a cache that cannot be written: the next run reads again
            make_folder(kept.parent)
            write_whole(kept, _written(found, paths))
    return found


# ---- reading ------------------------------------------------------------------------------------

_Found: TypeAlias = list[Survey]


class _Chunks(Dataset[_Found]):
    """Surveys of consecutive pictures.

    Their paths are bytes in one array: every process has it, and paths take five times as much.
    """

    def __init__(self, paths: Sequence[Path], how: Preprocessing) -> None:
        self._paths, self._how = np.array([os.fsencode(path) for path in paths]), how

    def __getitem__(self, number: int) -> _Found:
        names = self._paths[number * CHUNK : (number + 1) * CHUNK].tolist()
        paths = [Path(os.fsdecode(name)) for name in names]
        seen, channels = Pictures(), self._how.channels
        prints = np.zeros(len(paths), np.int64)
        sums = np.zeros((len(paths), channels, 3), np.int64)
        for row, path in enumerate(paths):
            pixels = decode(path, self._how, seen)
            if pixels is not None:
                prints[row], sums[row] = fingerprint(pixels), unit_sums(level_counts(pixels))
        return [Survey(seen, prints, sums)]


def _read(paths: Sequence[Path], how: Preprocessing, workers: int) -> Survey:
    chunks = range(-(-len(paths) // CHUNK))
    workers = min(workers, len(chunks) // 4)  # to begin one takes longer than to read a few chunks
    found = read_in_order(_Chunks(paths, how), [[number] for number in chunks], _joined, workers)
    parts, progress = list[Survey](), Progress(len(paths), READ)
    for (part,) in found:
        parts.append(part)
        progress.add(len(part.fingerprints))
    return Survey(
        _together(part.pictures for part in parts),
        np.concatenate([part.fingerprints for part in parts]),
        np.concatenate([part.level_sums for part in parts]),
    )


def _joined(found: Sequence[_Found]) -> _Found:
    return [part for parts in found for part in parts]


def _together(found: Iterator[Pictures]) -> Pictures:
    pictures = Pictures()
    for part in found:
        pictures.extend(part)
    return pictures


# ---- keeping ------------------------------------------------------------------------------------


def _key(paths: Sequence[Path], how: Preprocessing) -> str:
    """Return a hash of all that a survey follows from, but for the content of the files."""
    key = sha256(f"{how.to_json()} {pillow}".encode())
    for path in paths:
        try:
            status = path.stat()
            told = f"{status.st_size} {status.st_mtime_ns}"
        except OSError:  # what is not there is told when it is read
            told = ""
        key.update(f"{path.absolute()}\0{told}\0".encode("utf-8", "surrogateescape"))
    return key.hexdigest()[:32]


def _written(found: Survey, paths: Sequence[Path]) -> bytes:
    pictures = found.pictures
    rows = {path: row for row, path in enumerate(paths)}
    facts = _Facts(
        turned=pictures.turned,
        transparent=pictures.transparent,
        deep=pictures.deep,
        several=pictures.several,
        damaged={rows[path]: why for path, why in pictures.damaged.items()},
    )
    arrays = {
        "fingerprints": found.fingerprints,
        "level_sums": found.level_sums,
        "sizes": np.array(pictures.sizes, np.int64).reshape(-1, 2),
    }
    return save(arrays, {_FACTS: facts.model_dump_json()})


def _kept(file: Path, paths: Sequence[Path]) -> Survey | None:
    """Return what is kept, if it is there and whole."""
    try:
        with safe_open(regular(file), framework="numpy") as content:
            facts = _Facts.model_validate_json((content.metadata() or {})[_FACTS])
            prints, sums, sizes = (
                content.get_tensor(name) for name in ("fingerprints", "level_sums", "sizes")
            )
    except (OSError, SafetensorError, ValueError, KeyError):
        return None
    if len(prints) != len(paths) or len(sums) != len(paths):
        return None
    pictures = Pictures(
        sizes=[(height, width) for height, width in sizes.tolist()],
        turned=facts.turned,
        transparent=facts.transparent,
        deep=facts.deep,
        several=facts.several,
        damaged={paths[row]: why for row, why in facts.damaged.items()},
    )
    return Survey(pictures, prints, sums)
