"""Examples that stand alone, such as images with labels: they are shuffled for training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Generator, Tensor

from dslnas.data.augment import augment
from dslnas.data.batches import LEAST, Batch, Part
from dslnas.settings.values import Augmentation


@dataclass(frozen=True)
class RowPart(Part):
    """Examples that stand alone, a row of every tensor for each.

    Attributes:
        inputs: By the name of an input of the network, (N, ...): images are (N, C, H, W),
            normalised; float32, or float64 where a run is so precise.
        targets: (N, ...): labels are int64 (N,).
    """

    inputs: Mapping[str, Tensor]
    targets: Tensor

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.targets)

    @property
    def nbytes(self) -> int:
        """Memory that the examples take."""
        return self.targets.nbytes + sum(tensor.nbytes for tensor in self.inputs.values())

    def batch_count(self, size: int) -> int:
        """Return how many batches one pass of `batches` has."""
        return max(1, len(self) // size)

    def batches(
        self,
        size: int,
        generator: Generator,
        augmentations: tuple[Augmentation, ...] = (),
        *,
        vary: bool = False,
    ) -> Iterator[Batch]:
        """Yield the part once in a new order, in batches of `size` examples.

        The examples that are left over for a last incomplete batch are left out of this pass; a
        part smaller than `size` is one batch by itself. The generator gives the order, then the
        changes of one batch after the other.
        """
        if size < LEAST or len(self) < LEAST:
            raise ValueError(
                f"batches of {size} from {len(self)} examples; both have to be {LEAST}+"
            )
        order = torch.randperm(len(self), generator=generator).to(self.targets.device)
        for number in range(self.batch_count(size)):
            chosen = order[number * size : (number + 1) * size]
            inputs = {
                name: augment(tensor[chosen], augmentations, generator)
                for name, tensor in self.inputs.items()
            }
            yield Batch(inputs, self.targets[chosen])

    def in_order(self, size: int) -> Iterator[Batch]:
        """Yield the whole part unchanged and in order; the last batch may be smaller, even 1.

        For measuring, where a network is in evaluation mode.
        """
        for start in range(0, len(self), size):
            rows = slice(start, start + size)
            inputs = {name: tensor[rows] for name, tensor in self.inputs.items()}
            yield Batch(inputs, self.targets[rows])

    def held_out(self, size: int, generator: Generator) -> Iterator[Batch]:
        """Yield the whole part in order: batch norm takes its statistics from any examples."""
        return self.in_order(size)

    def check_batch(self, size: int) -> None:
        """Accept any size: few examples are one batch by themselves."""

    def to(self, device: torch.device | str) -> Self:
        """Return the part on a device."""
        inputs = {name: tensor.to(device) for name, tensor in self.inputs.items()}
        return type(self)(inputs, self.targets.to(device))

    def joined(self, other: Self) -> Self:
        """Return the examples of this part and then those of another as one; a copy."""
        inputs = {
            name: torch.cat([tensor, other.inputs[name]]) for name, tensor in self.inputs.items()
        }
        return type(self)(inputs, torch.cat([self.targets, other.targets]))
