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
from dslnas.data.normalise import normalised_bytes
from dslnas.data.picture_files import PictureFiles
from dslnas.data.reading_ahead import read_ahead
from dslnas.data.rows import RowPart, Rows, joined_tensors
from dslnas.ops.primitive import input_name

FEW = 256
"""Pictures up to which starting processes to read them takes longer than reading them."""


@dataclass(frozen=True)
class PicturePart(RowPart):
    """Pictures in files.

    Attributes:
        files: The pictures; mean and deviation of `how` normalise them.
        device: Where they go.
        dtype: Type of their numbers.
    """

    files: PictureFiles
    device: torch.device | str = "cpu"
    dtype: torch.dtype = torch.float32

    def inputs_at(self, rows: Rows) -> Mapping[str, Tensor]:
        """Read some rows, in this process."""
        (pixels,) = read_ahead(self.files, [self._numbers(rows)], workers=0)
        return self._inputs(pixels)

    def inputs_ahead(self, choices: Sequence[Rows]) -> Iterator[Mapping[str, Tensor]]:
        """Read one choice of rows after the other, ahead where there are many."""
        numbers = [self._numbers(rows) for rows in choices]
        is_few = sum(map(len, numbers)) <= FEW
        workers = 0 if is_few else self.files.workers
        return map(self._inputs, read_ahead(self.files, numbers, workers))

    def tensors(self) -> Iterator[Tensor]:
        """Yield the fingerprints of the pictures, and the targets."""
        yield torch.from_numpy(self.files.fingerprints)
        yield self.targets

    def fingerprints(self) -> list[int]:
        """Return a number for every picture, equal for those that read the same."""
        found: list[int] = self.files.fingerprints.tolist()
        return found

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

    @property
    def nbytes(self) -> int:
        """Memory that is taken: none by pixels."""
        return self.files.nbytes + self.targets.nbytes

    def to(self, device: torch.device | str) -> Self:
        """Return the part for a device."""
        weights = None if self.weights is None else self.weights.to(device)
        return replace(self, device=device, targets=self.targets.to(device), weights=weights)

    def joined(self, other: Self) -> Self:
        """Return the pictures of this part and then those of another as one."""
        return replace(
            self,
            files=self.files.joined(other.files),
            targets=torch.cat([self.targets, other.targets]),
            weights=joined_tensors(self.weights, other.weights),
            chances=joined_tensors(self.chances, other.chances),
            names=(*self.names, *other.names),
        )

    def _numbers(self, rows: Rows) -> NDArray[np.int64]:
        everything = np.arange(len(self))
        return everything[rows if isinstance(rows, slice) else rows.cpu().numpy()]

    def _inputs(self, pixels: NDArray[np.uint8]) -> dict[str, Tensor]:
        how = self.files.how
        numbers = normalised_bytes(torch.from_numpy(pixels), how.mean, how.std)
        return {input_name(self.files.shape[1:]): numbers.to(self.device, self.dtype)}
