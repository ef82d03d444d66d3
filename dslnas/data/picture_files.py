"""Pictures that stay in their files: known as an array is, and read when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dslnas.data.image_damage import FAULTS, cause_of, not_to_open
from dslnas.data.pictures import Pictures, is_deep
from dslnas.data.preprocessing import PictureError, Preprocessing, is_turned, opened

if TYPE_CHECKING:  # who has no files needs no Pillow
    from PIL.Image import Image


@dataclass(frozen=True)
class PictureFiles:
    """Pictures in files below a folder, in an order.

    Attributes:
        folder: The folder.
        names: Their names below it, as bytes (N,): a million of them share one array.
        how: How they become inputs.
        fingerprints: See `fingerprints`, int64 (N,).
        level_sums: Sums of the bytes of each channel, see `exact_sums.unit_sums`, int64
            (N, channels, 3).
        workers: Processes that read them; without any they are read when they are asked for.
    """

    folder: Path
    names: NDArray[np.bytes_]
    how: Preprocessing
    fingerprints: NDArray[np.int64]
    level_sums: NDArray[np.int64]
    workers: int = 0

    dtype = np.dtype(np.uint8)
    ndim = 4
    is_finite = True

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.names)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The shape of the array that holds them all: (N, channels, height, width)."""
        return (len(self), self.how.channels, self.how.height, self.how.width)

    @property
    def nbytes(self) -> int:
        """Memory that is taken by what is known of them."""
        return self.names.nbytes + self.fingerprints.nbytes + self.level_sums.nbytes

    def __getitem__(self, rows: NDArray[np.int64] | slice) -> PictureFiles:
        """Return some of the pictures."""
        return replace(
            self,
            names=self.names[rows],
            fingerprints=self.fingerprints[rows],
            level_sums=self.level_sums[rows],
        )

    def joined(self, other: PictureFiles) -> PictureFiles:
        """Return these pictures and then those of another part of the same folder."""
        return replace(
            self,
            names=np.concatenate([self.names, other.names]),
            fingerprints=np.concatenate([self.fingerprints, other.fingerprints]),
            level_sums=np.concatenate([self.level_sums, other.level_sums]),
        )

    def without_facts(self) -> PictureFiles:
        """Return the pictures for a process that reads them: facts of a million take 100 MB."""
        none = slice(0)
        return replace(self, fingerprints=self.fingerprints[none], level_sums=self.level_sums[none])

    def path(self, row: int) -> Path:
        """Return the path of a picture."""
        return self.folder / os.fsdecode(bytes(self.names[row]))


def decode(
    path: Path,
    how: Preprocessing,
    seen: Pictures,
    cut: Callable[[Image], Image] | None = None,
) -> NDArray[np.uint8] | None:
    """Return an image, uint8 (height, width, channels), None if it cannot be read; note both.

    With `cut` it is made of what that leaves of the upright picture.
    """
    if why := not_to_open(path):
        seen.damaged[path] = why
        return None
    try:
        with opened(path) as image:
            was_deep, was_turned = is_deep(image), is_turned(image)  # the latter may load it
            upright = how.upright(image)
            pixels = how.fitted(upright if cut is None else cut(upright))
            size = upright.height, upright.width
            seen.add(image, was_turned=was_turned, was_deep=was_deep, size=size)
            return pixels
    except PictureError as error:
        seen.damaged[path] = f"{error.message.removeprefix('image ')} ({error.help})"
    except FAULTS as error:
        seen.damaged[path] = cause_of(path, error)
    return None


def level_counts(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return how often each level of each channel occurs, (channels, 256), in (..., channels)."""
    channels = pixels.reshape(-1, pixels.shape[-1]).T
    return np.array([np.bincount(channel, minlength=256) for channel in channels])
