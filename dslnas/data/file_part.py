"""Examples that stay in files, read while a network trains or is measured."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dslnas.data.exact_sums import Sums
from dslnas.data.rows import RowPart, Rows, joined_tensors


class Stored(Protocol):
    """Examples in files; see `PictureFiles` and `ArrayFile`."""

    @property
    def fingerprints(self) -> NDArray[np.int64]:
        """A number for each, equal for those that read the same."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array that holds them all."""

    @property
    def nbytes(self) -> int:
        """Memory that is taken by what is known of them."""

    def joined(self, other: Self) -> Self:
        """Return these and then those of another part."""


Files = TypeVar("Files", bound=Stored)


@dataclass(frozen=True)
class FilePart(RowPart, Generic[Files]):
    """Examples in files.

    Attributes:
        files: The examples.
        device: Where they go.
        dtype: Type of their numbers.
    """

    files: Files
    device: torch.device | str = "cpu"
    dtype: torch.dtype = torch.float32

    @abstractmethod
    def sums(self) -> Sequence[Sums]:
        """Return the sums of each channel, of bytes those of what they are scaled to."""

    @abstractmethod
    def normalised(
        self, mean: tuple[float, ...], std: tuple[float, ...], dtype: torch.dtype
    ) -> Self:
        """Return the part with numbers of some type, centred and scaled."""

    def tensors(self) -> Iterator[Tensor]:
        """Yield the fingerprints of the examples, and the targets."""
        yield torch.from_numpy(self.files.fingerprints)
        yield self.targets

    def fingerprints(self) -> list[int]:
        """Return a number for every example, equal for those that read the same."""
        found: list[int] = self.files.fingerprints.tolist()
        return found

    @property
    def nbytes(self) -> int:
        """Memory that is taken: none by inputs."""
        return self.files.nbytes + self.targets.nbytes

    def to(self, device: torch.device | str) -> Self:
        """Return the part for a device."""
        weights = None if self.weights is None else self.weights.to(device)
        return replace(self, device=device, targets=self.targets.to(device), weights=weights)

    def joined(self, other: Self) -> Self:
        """Return the examples of this part and then those of another as one."""
        return replace(
            self,
            files=self.files.joined(other.files),
            targets=torch.cat([self.targets, other.targets]),
            weights=joined_tensors(self.weights, other.weights),
            chances=joined_tensors(self.chances, other.chances),
            names=(*self.names, *other.names),
        )

    def numbers(self, rows: Rows) -> NDArray[np.int64]:
        """Return the numbers of some rows, int64 (n,)."""
        if isinstance(rows, slice):
            return np.arange(*rows.indices(len(self)))
        return rows.cpu().numpy()
