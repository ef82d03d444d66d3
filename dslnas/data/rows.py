"""Examples that stand alone, such as images with labels: they are shuffled for training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Generator, Tensor

from dslnas.data.augment import augmented
from dslnas.data.batches import LEAST, Batch, Part, Reading
from dslnas.settings.values import Augmentation
from dslnas.state import State, StateError, check_names, number, taken


@dataclass(frozen=True)
class RowPart(Part):
    """Examples that stand alone, a row of every tensor for each.

    Attributes:
        inputs: By the name of an input of the network, (N, ...): images are (N, C, H, W),
            normalised; float32, or float64 where a run is so precise.
        targets: (N, ...): labels are int64 (N,), several of them or standardised numbers (N, K).
        unit: Size in the data of a difference of 1 between targets.
        weights: Weights of the losses in training, like targets; None where all weigh alike.
        chances: How often an example is drawn in training, (N,); None where each is, once.
        names: Names of the examples in the data, for people; none of noise.
    """

    inputs: Mapping[str, Tensor]
    targets: Tensor
    unit: Tensor | float = 1.0
    weights: Tensor | None = None
    chances: Tensor | None = None
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.targets)

    def tensors(self) -> Iterator[Tensor]:
        """Yield the inputs by name, and the targets."""
        yield from (self.inputs[name] for name in sorted(self.inputs))
        yield self.targets

    def fingerprints(self) -> list[int]:
        """Return a number for every example, equal for those that read the same."""
        arrays = [self.inputs[name].cpu().numpy() for name in sorted(self.inputs)]
        return [hash(b"".join(row.tobytes() for row in rows)) for rows in zip(*arrays, strict=True)]

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
    ) -> Reading:
        """Read the part once in a new order, in batches of `size` examples.

        The examples that are left over for a last incomplete batch are left out of this pass; a
        part smaller than `size` is one batch by itself. The generator gives the order, then the
        changes of one batch after the other.
        """
        if size < LEAST or len(self) < LEAST:
            raise ValueError(
                f"batches of {size} from {len(self)} examples; both have to be {LEAST}+"
            )
        return RowReading(self, size, generator, augmentations)

    def in_order(self, size: int) -> Iterator[Batch]:
        """Yield the whole part unchanged and in order; the last batch may be smaller, even 1.

        For measuring, where a network is in evaluation mode.
        """
        for start in range(0, len(self), size):
            rows = slice(start, start + size)
            inputs = {name: tensor[rows] for name, tensor in self.inputs.items()}
            yield Batch(inputs, self.targets[rows], unit=self.unit)

    def spread(self, count: int) -> Mapping[str, Tensor]:
        """Return the inputs of every so manyth row."""
        step = max(1, len(self) // count)
        return {name: tensor[::step][:count] for name, tensor in self.inputs.items()}

    def held_out(self, size: int, generator: Generator) -> Iterator[Batch]:
        """Yield the whole part in order: batch norm takes its statistics from any examples."""
        return self.in_order(size)

    def check_batch(self, size: int) -> None:
        """Accept any size: few examples are one batch by themselves."""

    def to(self, device: torch.device | str) -> Self:
        """Return the part on a device."""
        inputs = {name: tensor.to(device) for name, tensor in self.inputs.items()}
        weights = None if self.weights is None else self.weights.to(device)
        return replace(self, inputs=inputs, targets=self.targets.to(device), weights=weights)

    def joined(self, other: Self) -> Self:
        """Return the examples of this part and then those of another as one; a copy."""
        inputs = {
            name: torch.cat([tensor, other.inputs[name]]) for name, tensor in self.inputs.items()
        }
        return replace(
            self,
            inputs=inputs,
            targets=torch.cat([self.targets, other.targets]),
            weights=_joined(self.weights, other.weights),
            chances=_joined(self.chances, other.chances),
            names=self.names + other.names,
        )


def _joined(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    return None if first is None or second is None else torch.cat([first, second])


class RowReading(Reading):
    """A pass over rows in an order of its own."""

    def __init__(
        self,
        part: RowPart,
        size: int,
        generator: Generator,
        augmentations: tuple[Augmentation, ...],
    ) -> None:
        self._part, self._size = part, size
        self._generator, self._augmentations = generator, augmentations
        self._order: Tensor | None = None
        self._read = 0

    def __next__(self) -> Batch:
        """Return the next rows of the order, changed."""
        part, size = self._part, self._size
        if self._read == part.batch_count(size):
            raise StopIteration
        if self._order is None:
            self._order = self._drawn().to(part.targets.device)
        chosen = self._order[self._read * size : (self._read + 1) * size]
        self._read += 1
        inputs = {name: tensor[chosen] for name, tensor in part.inputs.items()}
        weights = None if part.weights is None else part.weights[chosen]
        batch = Batch(inputs, part.targets[chosen], weights=weights, unit=part.unit)
        return augmented(batch, self._augmentations, self._generator)

    def _drawn(self) -> Tensor:
        """Return an order of the rows, or as many of them drawn by their chances."""
        chances, count = self._part.chances, len(self._part)
        if chances is None:
            return torch.randperm(count, generator=self._generator)
        return torch.multinomial(chances, count, replacement=True, generator=self._generator)

    def state(self) -> State:
        """Return the number of batches read, their size, and the order once it is drawn."""
        order = {} if self._order is None else {"order": self._order}
        return {"read": number(self._read), "size": number(self._size), **order}

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on in an order."""
        read, size = (int(taken(state, name, number(0))) for name in ("read", "size"))
        count = self._part.batch_count(self._size)
        if size != self._size or not 0 <= read <= count:
            raise StateError(
                f"it has read {read} batches of {size}, needs {count} of {self._size} at most"
            )
        targets = self._part.targets
        like = {"order": targets.new_empty(len(targets), dtype=torch.int64)} if read > 0 else {}
        check_names(state, {"read": targets, "size": targets, **like})
        self._order = taken(state, "order", like["order"]) if like else None
        self._read = read
