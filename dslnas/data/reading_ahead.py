"""Pictures read by processes of their own, ahead of the step that needs them.

The order is given, and what is drawn of a picture follows from its place in it: how many processes
read, and how far ahead, changes no number. A run that is stopped amid a pass goes on with the rest
of its order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from dslnas.data.image_damage import unreadable
from dslnas.data.picture_files import PictureFiles, decode
from dslnas.data.pictures import Pictures
from dslnas.data.random_crops import RandomCrops
from dslnas.data.workers import read_in_order

Rows: TypeAlias = NDArray[np.int64]

_Read: TypeAlias = tuple[NDArray[np.uint8], Pictures]


def read_ahead(
    files: PictureFiles, choices: Sequence[Rows], crops: RandomCrops | None, workers: int
) -> Iterator[NDArray[np.uint8]]:
    """Yield one choice of pictures after the other, uint8 (n, channels, height, width).

    With `crops` each is a random part of its picture, by its place in the choices, stretched.

    Raises:
        UserError: NAS603 if one cannot be read any more.
    """
    starts = accumulate(map(len, choices), initial=0)
    order = (
        list(enumerate(rows.tolist(), start)) for start, rows in zip(starts, choices, strict=False)
    )
    for pixels, seen in read_in_order(_Decoded(files, crops), order, _stacked, workers):
        if seen.damaged:
            raise unreadable(files.folder, seen.damaged, len(files), leaves=False)
        yield pixels


class _Decoded(Dataset[_Read]):
    """Pictures by their places in the order and their rows; for one that cannot be read, why."""

    def __init__(self, files: PictureFiles, crops: RandomCrops | None) -> None:
        self._files, self._crops = files.without_facts(), crops

    def __getitem__(self, index: tuple[int, int]) -> _Read:
        (place, row), seen, how = index, Pictures(), self._files.how
        if self._crops is None:
            pixels = decode(self._files.path(row), how, seen)
        else:
            stretched = replace(how, fit="stretch", shorter_side=None)
            cut = partial(self._crops.cut, place)
            pixels = decode(self._files.path(row), stretched, seen, cut)
        if pixels is None:
            pixels = np.zeros((how.height, how.width, how.channels), np.uint8)
        return pixels, seen


def _stacked(read: Sequence[_Read]) -> _Read:
    """Return pictures of a batch as one array, with those that cannot be read."""
    pixels = np.stack([each for each, _ in read]).transpose(0, 3, 1, 2)
    damaged = {path: why for _, seen in read for path, why in seen.damaged.items()}
    return np.ascontiguousarray(pixels), Pictures(damaged=damaged)
