"""Signals that stay in an array of a file, read while a network trains or is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from dslnas.data.array_file import BLOCK, ArrayFile
from dslnas.data.exact_sums import NumberSums, Sums
from dslnas.data.file_part import FilePart
from dslnas.data.normalise import normalised
from dslnas.data.rows import Rows
from dslnas.ops.primitive import input_name


@dataclass(frozen=True)
class SignalPart(FilePart[ArrayFile]):
    """Signals in an array of a file.

    Attributes:
        mean: Mean of each channel, by which they are centred.
        std: Deviation of each channel, by which they are scaled.
    """

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def inputs_at(self, rows: Rows) -> Mapping[str, Tensor]:
        """Read some rows."""
        signals = torch.from_numpy(self.files.read(self.numbers(rows)))
        numbers = normalised(signals, self.mean, self.std)
        return {input_name(self.files.shape[1:]): numbers.to(self.device, self.dtype)}

    def sums(self) -> Sequence[Sums]:
        """Return the sums of each channel, by a pass over the file."""
        _, channels, time = self.files.shape
        found, some = NumberSums(channels), max(1, BLOCK // max(1, 4 * channels * time))
        order = np.argsort(self.files.rows)
        for start in range(0, len(order), some):
            found.add(self.files.read(order[start : start + some]))
        return found.sums()

    def normalised(
        self, mean: tuple[float, ...], std: tuple[float, ...], dtype: torch.dtype
    ) -> Self:
        """Return the part with numbers of some type, centred and scaled."""
        return replace(self, mean=mean, std=std, dtype=dtype)
