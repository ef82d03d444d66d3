"""Signals that stay in an array of a NumPy archive, of which rows are mapped and read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from struct import Struct
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from dslnas.data.files import changed, reading
from dslnas.data.fingerprints import fingerprint
from dslnas.data.npz import Header
from dslnas.data.progress import Progress
from dslnas.regular import regular

BLOCK = 2**22
"""Bytes that are read at once to know all signals."""

_LOCAL = Struct("<26x2H")
"""Lengths of the name and of what follows it, in the header in front of a member."""

_IS_ENCRYPTED = 0x1


@dataclass(frozen=True)
class ArrayFile:
    """Some of the signals in an array of a file.

    A map of its own for every reading keeps the memory of the process small, however much is read.

    Attributes:
        path: The file.
        offset: Place of the array in it, in bytes.
        stored: Type of its numbers there.
        count: How many signals the array has.
        shape_of_each: Channels and time of a signal.
        rows: Numbers of those that are meant, int64 (N,).
        fingerprints: See `fingerprints`, int64 (N,).
        is_finite: Whether all numbers of the array are.
    """

    path: Path
    offset: int
    stored: np.dtype[Any]
    count: int
    shape_of_each: tuple[int, int]
    rows: NDArray[np.int64]
    fingerprints: NDArray[np.int64]
    is_finite: bool

    dtype = np.dtype(np.float32)
    ndim = 3

    def __len__(self) -> int:
        """Return the number of signals."""
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of the array that holds them all: (N, channels, time)."""
        return (len(self), *self.shape_of_each)

    @property
    def nbytes(self) -> int:
        """Memory that is taken by what is known of them."""
        return self.rows.nbytes + self.fingerprints.nbytes

    def __getitem__(self, chosen: NDArray[np.int64] | slice) -> ArrayFile:
        """Return some of the signals."""
        return replace(self, rows=self.rows[chosen], fingerprints=self.fingerprints[chosen])

    def joined(self, other: ArrayFile) -> ArrayFile:
        """Return these signals and then others of the same array."""
        return replace(
            self,
            rows=np.concatenate([self.rows, other.rows]),
            fingerprints=np.concatenate([self.fingerprints, other.fingerprints]),
        )

    def read(self, chosen: NDArray[np.int64] | slice) -> NDArray[np.float32]:
        """Read some of the signals, (n, channels, time).

        Raises:
            UserError: NAS603 if the file is not as it was.
        """
        shape = (self.count, *self.shape_of_each)
        try:
            mapped = np.memmap(regular(self.path), self.stored, "r", self.offset, shape)
        except (OSError, ValueError):
            raise changed(self.path) from None
        return _as_held(mapped[self.rows[chosen]])


def place_in(path: Path, archive: ZipFile, name: str, header: Header) -> int | None:
    """Return where in an archive the numbers of a member lie; None if not one after the other."""
    info = archive.getinfo(f"{name}.npy")
    is_plain = info.compress_type == ZIP_STORED and not info.flag_bits & _IS_ENCRYPTED
    if not is_plain or (header.by_columns and len(header.sizes) > 1):
        return None
    return _start_of(path, info) + header.start


def surveyed(path: Path, archive: ZipFile, name: str, header: Header, offset: int) -> ArrayFile:
    """Return all signals of a member, each of which is read once.

    Raises:
        UserError: NAS603 if it is damaged.
    """
    count = header.sizes[0]
    row = header.nbytes // max(1, count)
    some = max(1, BLOCK // max(1, row))
    prints, is_finite, progress = list[int](), True, Progress(count, "signals read")
    with reading(path, "npz archive"), archive.open(f"{name}.npy") as stream:
        stream.read(header.start)
        while len(prints) < count:
            content = stream.read(min(some, count - len(prints)) * row)
            signals = _as_held(np.frombuffer(content, header.dtype).reshape(-1, *header.sizes[1:]))
            is_finite = is_finite and bool(np.isfinite(signals).all())
            prints += map(fingerprint, signals)
            progress.add(len(signals))
    channels = header.sizes[1] if len(header.sizes) > 2 else 1
    return ArrayFile(
        path,
        offset,
        header.dtype,
        count,
        (channels, header.sizes[-1]),
        np.arange(count),
        np.array(prints, np.int64),
        is_finite,
    )


def _as_held(signals: NDArray[Any]) -> NDArray[np.float32]:
    """Return signals as they are in memory."""
    with np.errstate(over="ignore"):  # becomes infinite, which is found in all of them
        return np.array(signals, np.float32)


def _start_of(path: Path, info: ZipInfo) -> int:
    """Return where the content of a member begins, behind a header of its own."""
    with reading(path, "npz archive"), regular(path).open("rb") as file:
        file.seek(info.header_offset)
        lengths: tuple[int, int] = _LOCAL.unpack(file.read(_LOCAL.size))
    return info.header_offset + _LOCAL.size + sum(lengths)
