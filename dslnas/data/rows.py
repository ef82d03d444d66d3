"""Examples that stand alone, such as images with labels: they are shuffled for training."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Generator, Tensor

from dslnas.data.augment import augmented
from dslnas.data.batches import LEAST, Batch, Part, Reading
from dslnas.data.random_crops import RandomCrops
from dslnas.settings.values import Augmentation, ResizedCrop
from dslnas.state import State, StateError, check_names, number, taken

MOST_SEED = 2**62
"""Numbers of passes, of which every random crop follows, are less."""

Rows: TypeAlias = Tensor | slice
"""Some of the rows, by their numbers, int64 (n,)."""


@dataclass(frozen=True, kw_only=True)
class RowPart(Part):
    """Base of examples that stand alone; a row of the targets, and of every input, for each.

    Attributes:
        targets: (N, ...): labels are int64 (N,), several of them or standardised numbers (N, K).
        unit: Size in the data of a difference of 1 between targets.
        weights: Weights of the losses in training, like targets; None where all weigh alike.
        chances: How often an example is drawn in training, (N,); None where each is, once.
        names: Names of the examples in the data, for people; none of noise.
    """

    targets: Tensor
    unit: Tensor | float = 1.0
    weights: Tensor | None = None
    chances: Tensor | None = None
    names: tuple[str, ...] = ()

    # ---- where the inputs are -------------------------------------------------------------------

    @abstractmethod
    def inputs_at(self, rows: Rows) -> Mapping[str, Tensor]:
        """Return the inputs of some rows, by the name of an input of the network."""

    def inputs_ahead(
        self, choices: Sequence[Rows], crops: RandomCrops | None = None
    ) -> Iterator[Mapping[str, Tensor]]:
        """Yield the inputs of one choice of rows after the other, each made before it is asked.

        With `crops` they are parts of images, by their places in the choices.
        """
        place = 0
        for rows in choices:
            inputs = self.inputs_at(rows)
            if crops is not None:
                inputs = {name: crops.scaled(place, images) for name, images in inputs.items()}
            yield inputs
            place += len(next(iter(inputs.values())))

    # ---- serving them ---------------------------------------------------------------------------

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.targets)

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
        part smaller than `size` is one batch by itself. The generator gives the order, a seed for
        `resized_crop` if there is one, and then the changes of one batch after the other.
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
        rows = [slice(start, start + size) for start in range(0, len(self), size)]
        for chosen, inputs in zip(rows, self.inputs_ahead(rows), strict=True):
            yield Batch(inputs, self.targets[chosen], unit=self.unit)

    def spread(self, count: int) -> Mapping[str, Tensor]:
        """Return the inputs of every so manyth row."""
        step = max(1, len(self) // count)
        return self.inputs_at(slice(0, step * count, step))

    def held_out(self, size: int, generator: Generator) -> Iterator[Batch]:
        """Yield the whole part in order: batch norm takes its statistics from any examples."""
        return self.in_order(size)

    def check_batch(self, size: int) -> None:
        """Accept any size: few examples are one batch by themselves."""


def joined_tensors(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    """Return two tensors of two parts as one; None unless both are there."""
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
        self._cut = next((step for step in augmentations if isinstance(step, ResizedCrop)), None)
        self._order: Tensor | None = None
        self._seed: Tensor | None = None
        self._read = 0
        self._ahead: Iterator[Mapping[str, Tensor]] | None = None

    def __next__(self) -> Batch:
        """Return the next rows of the order, changed."""
        part, size = self._part, self._size
        if self._read == part.batch_count(size):
            raise StopIteration
        if self._order is None:
            self._order = self._drawn().to(part.targets.device)
            if self._cut is not None:
                self._seed = torch.randint(MOST_SEED, (), generator=self._generator)
        chosen = self._order[self._read * size : (self._read + 1) * size]
        if self._ahead is None:
            rest = self._order[self._read * size : part.batch_count(size) * size]
            self._ahead = part.inputs_ahead(torch.split(rest, size), self._crops())
        self._read += 1
        weights = None if part.weights is None else part.weights[chosen]
        batch = Batch(next(self._ahead), part.targets[chosen], weights=weights, unit=part.unit)
        return augmented(batch, self._augmentations, self._generator)

    def _crops(self) -> RandomCrops | None:
        """Return which part of each image is read, of those that are left in the order."""
        if self._cut is None or self._seed is None:
            return None
        return RandomCrops(self._cut.area, int(self._seed), self._read * self._size)

    def _drawn(self) -> Tensor:
        """Return an order of the rows, or as many of them drawn by their chances."""
        chances, count = self._part.chances, len(self._part)
        if chances is None:
            return torch.randperm(count, generator=self._generator)
        return torch.multinomial(chances, count, replacement=True, generator=self._generator)

    def state(self) -> State:
        """Return the number of batches read, their size, and what is drawn: the order, a seed."""
        drawn = {"order": self._order, "crops": self._seed}
        found = {name: tensor for name, tensor in drawn.items() if tensor is not None}
        return {"read": number(self._read), "size": number(self._size), **found}

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
        if like and self._cut is not None:
            like["crops"] = number(0)
        check_names(state, {"read": targets, "size": targets, **like})
        drawn = {name: taken(state, name, tensor) for name, tensor in like.items()}
        self._order, self._seed = drawn.get("order"), drawn.get("crops")
        self._read, self._ahead = read, None
