"""Examples that are used for one purpose, and serving them in batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self, TypeAlias

import torch
from torch import Generator, Tensor

from dslnas.settings.values import Augmentation
from dslnas.state import State

LEAST = 2  # batch normalisation cannot train on one example

States: TypeAlias = tuple[Tensor, ...]
"""States that recurrent cells carry from step to step, (batch, features) each."""

NOTHING = -100
"""Target where there is nothing to predict; torch's losses leave it out."""


@dataclass(frozen=True)
class Mixed:
    """The other labels of examples that were mixed with others of their batch.

    Attributes:
        targets: Labels of those that each was mixed with.
        share: Share of its own label; that of the other is 1 - share.
        weights: Weights of the other losses, see `Batch`.
    """

    targets: Tensor
    share: float
    weights: Tensor | None = None

    def split(self, count: int) -> list[Mixed]:
        """Return so many parts of it."""
        targets, weights = self.targets.tensor_split(count), self.weights
        cut = [None] * count if weights is None else weights.tensor_split(count)
        return [Mixed(t, self.share, w) for t, w in zip(targets, cut, strict=True)]


class Place(NamedTuple):
    """Where the examples of a part of a batch stand in the whole, along its `axis`.

    Attributes:
        first: Number of the first one.
        own: How many there are.
        whole: How many the whole batch has.
    """

    first: int
    own: int
    whole: int


@dataclass
class Batch:
    """Some examples of a part.

    A batch of a stream is a segment of it. Who runs a network on it sets `end`, so that the next
    segment can start from there; of several runs the last one counts.

    Attributes:
        inputs: By the name of an input of the network: images float32 (B, C, H, W), or tokens int64
            (time, B).
        targets: Labels int64 (B,), several of them or numbers (B, K), or the next tokens (time, B),
            `NOTHING` where there are none.
        start: States before the first step, without gradients; None stands for zeros.
        end: States after the last step, without gradients; None until a network has run.
        axis: The axis of inputs and targets that counts examples, or sequences side by side.
        weights: Weights of the losses, like targets, 1 in the mean; None where all weigh alike.
        mixed: The other labels, where examples were mixed.
        unit: Size in the data of a difference of 1 between targets, where they are numbers.
        place: Where its examples stand in the batch that several processes share; None if it is not
            shared.
    """

    inputs: Mapping[str, Tensor]
    targets: Tensor
    start: States | None = None
    end: States | None = None
    axis: int = 0
    weights: Tensor | None = None
    mixed: Mixed | None = None
    unit: Tensor | float = 1.0
    place: Place | None = None

    def __len__(self) -> int:
        """Return the number of targets that count; real numbers all do."""
        if self.targets.is_floating_point():
            return self.targets.shape[self.axis]
        return int((self.targets != NOTHING).sum())


class Reading(Iterator[Batch]):
    """A pass over a part for training, which can be stored between any two batches.

    Drawing begins with the first batch. A reading made with the same arguments goes on with a
    state from the next batch; its generator has to be put back too.
    """

    @abstractmethod
    def state(self) -> State:
        """Return how far it is; see `dslnas.state.Stateful`."""

    @abstractmethod
    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state; draws nothing.

        Raises:
            StateError: It is of another part, or of batches of another size.
        """


class Part(ABC):
    """Examples that are used for one purpose, on one device.

    Attributes:
        names: Names of the examples in the data, for people; none of text and of noise.
    """

    names: tuple[str, ...] = ()

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of targets."""

    @abstractmethod
    def tensors(self) -> Iterator[Tensor]:
        """Yield all that the examples are."""

    def fingerprints(self) -> list[int] | None:
        """Return a number for every example, equal for those that read the same; None of a text."""
        return None

    @property
    def nbytes(self) -> int:
        """Memory that the examples take."""
        return sum(tensor.nbytes for tensor in self.tensors())

    @abstractmethod
    def batch_count(self, size: int) -> int:
        """Return how many batches one pass of `batches` has; where lengths vary, about."""

    @abstractmethod
    def batches(
        self,
        size: int,
        generator: Generator,
        augmentations: tuple[Augmentation, ...] = (),
        *,
        vary: bool = False,
    ) -> Reading:
        """Read the part once, for training.

        Args:
            size: Examples in a batch, or sequences side by side; 2 or more.
            generator: On the CPU; for everything that is drawn.
            augmentations: Random changes of images.
            vary: Draw the length of every segment of a stream.

        Raises:
            ValueError: `size` or the number of examples is too small for a batch.
        """

    @abstractmethod
    def in_order(self, size: int) -> Iterator[Batch]:
        """Yield the whole part unchanged and in order, every target just once, for measuring."""

    @abstractmethod
    def spread(self, count: int) -> Mapping[str, Tensor]:
        """Return the inputs of `count` examples that lie evenly over the part, or of all."""

    @abstractmethod
    def held_out(self, size: int, generator: Generator) -> Iterator[Batch]:
        """Yield the part once, for a network in training mode that is compared and not trained."""

    @abstractmethod
    def to(self, device: torch.device | str) -> Self:
        """Return the part on a device."""

    @abstractmethod
    def joined(self, other: Self) -> Self:
        """Return the examples of this part and then those of another as one; a copy."""

    @abstractmethod
    def check_batch(self, size: int) -> None:
        """Raise an error unless there are enough examples to train on batches of some size."""

    def rate_share(self, batch: Batch) -> float:
        """Return the share of the learning rate for a batch: short segments take small steps."""
        return 1.0


class Endless(Reading):
    """Passes over a part one after the other, without end; for the architecture's data."""

    def __init__(self, begin: Callable[[], Reading]) -> None:
        """Take what makes the reading of a pass."""
        self._begin = begin
        self._reading = begin()

    def __next__(self) -> Batch:
        """Return the next batch, if need be of a new pass."""
        batch = next(self._reading, None)
        if batch is None:
            self._reading = self._begin()
            batch = next(self._reading)
        return batch

    def state(self) -> State:
        """Return how far the pass is."""
        return self._reading.state()

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on within a pass."""
        self._reading.take(state)


def forever(
    part: Part,
    size: int,
    generator: Generator,
    augmentations: tuple[Augmentation, ...] = (),
) -> Endless:
    """Read `batches` without end, anew on every pass."""
    return Endless(lambda: part.batches(size, generator, augmentations))
