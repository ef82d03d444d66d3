"""Examples that are pictures in files, read while a network trains or is measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dslnas.data.exact_sums import Sums, sums_of_units
from dslnas.data.file_part import FilePart
from dslnas.data.normalise import normalised_bytes
from dslnas.data.picture_files import PictureFiles
from dslnas.data.random_crops import RandomCrops
from dslnas.data.reading_ahead import read_ahead
from dslnas.data.rows import Rows
from dslnas.ops.primitive import input_name

FEW = 256
"""Pictures up to which starting processes to read them takes longer than reading them."""


@dataclass(frozen=True)
class PicturePart(FilePart[PictureFiles]):
    """Pictures in files; mean and deviation of how they become inputs normalise them."""

    def inputs_at(self, rows: Rows) -> Mapping[str, Tensor]:
        """Read some rows, in this process."""
        (pixels,) = read_ahead(self.files, [self.numbers(rows)], None, workers=0)
        return self._inputs(pixels)

    def inputs_ahead(
        self, choices: Sequence[Rows], crops: RandomCrops | None = None
    ) -> Iterator[Mapping[str, Tensor]]:
        """Read one choice of rows after the other, ahead where there are many."""
        numbers = [self.numbers(rows) for rows in choices]
        is_few = sum(map(len, numbers)) <= FEW
        workers = 0 if is_few else self.files.workers
        return map(self._inputs, read_ahead(self.files, numbers, crops, workers))

    def sums(self) -> list[Sums]:
        """Return the sums of each channel, of bytes that are scaled to [0, 1]."""
        count = len(self) * math.prod(self.files.shape[2:])
        return [sums_of_units(count, sums) for sums in self.files.level_sums.swapaxes(0, 1)]

    def normalised(
        self, mean: tuple[float, ...], std: tuple[float, ...], dtype: torch.dtype
    ) -> Self:
        """Return the part with numbers of some type, centred and scaled."""
        how = replace(self.files.how, mean=mean, std=std)
        return replace(self, files=replace(self.files, how=how), dtype=dtype)

    def _inputs(self, pixels: NDArray[np.uint8]) -> dict[str, Tensor]:
        how = self.files.how
        numbers = normalised_bytes(torch.from_numpy(pixels), how.mean, how.std)
        return {input_name(self.files.shape[1:]): numbers.to(self.device, self.dtype)}
