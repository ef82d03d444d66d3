"""Examples that are used for one purpose, and serving them in batches.

Images are shuffled for training. A text is one stream that is read at many places side by side, in
its order: what recurrent cells remember at the end of a batch is where the next one starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Generator, Tensor

from dslnas.data.augment import augment
from dslnas.data.bptt import for_measuring, lengths, side_by_side
from dslnas.settings.values import Augmentation

LEAST = 2  # batch normalisation cannot train on one example

States: TypeAlias = tuple[Tensor, ...]
"""What recurrent cells carry from step to step, (batch, features) each."""

NOTHING = -100
"""Target where there is nothing to predict; torch's losses leave it out."""


@dataclass
class Batch:
    """Some examples of a part.

    A batch of text is a segment of a stream. Who runs a network on it sets `end`, so that the next
    segment can start from there; of several runs the last one counts.

    Attributes:
        inputs: Images float32 (B, C, H, W), or tokens int64 (time, B).
        targets: Labels int64 (B,), or the next tokens (time, B), `NOTHING` where there are none.
        start: States before the first step, without gradients; None stands for zeros.
        end: States after the last step, without gradients; None until a network has run.
    """

    inputs: Tensor
    targets: Tensor
    start: States | None = None
    end: States | None = None

    def __len__(self) -> int:
        """Return the number of targets that count."""
        return int((self.targets != NOTHING).sum())


@dataclass(frozen=True)
class ImagePart:
    """Images with labels that are used for one purpose, on one device.

    Attributes:
        images: (N, C, H, W), normalised; float32, or float64 where a run is so precise.
        labels: int64 (N,).
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

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
        part smaller than `size` is one batch by itself.

        Args:
            size: Examples in a batch, 2 or more.
            generator: On the CPU; gives the order, then the changes of one batch after the other.
            augmentations: Random changes of the images.
            vary: For texts; images have no length.

        Raises:
            ValueError: `size` or the number of examples is below 2.
        """
        if size < LEAST or len(self) < LEAST:
            raise ValueError(
                f"batches of {size} from {len(self)} examples; both have to be {LEAST}+"
            )
        order = torch.randperm(len(self), generator=generator).to(self.labels.device)
        for number in range(self.batch_count(size)):
            chosen = order[number * size : (number + 1) * size]
            images = augment(self.images[chosen], augmentations, generator)
            yield Batch(images, self.labels[chosen])

    def in_order(self, size: int) -> Iterator[Batch]:
        """Yield the whole part unchanged and in order; the last batch may be smaller, even 1.

        For measuring, where a network is in evaluation mode.
        """
        for start in range(0, len(self), size):
            yield Batch(self.images[start : start + size], self.labels[start : start + size])


@dataclass(frozen=True)
class TextPart:
    """A piece of text that is used for one purpose, on one device.

    Attributes:
        tokens: int64 (N,), in the order of the text; each predicts the next one.
        steps: How many tokens a batch has at each place.
    """

    tokens: Tensor
    steps: int

    def __len__(self) -> int:
        """Return the number of targets: all tokens but the first."""
        return max(0, len(self.tokens) - 1)

    def batch_count(self, size: int) -> int:
        """Return how many batches one pass of `batches` has; where lengths vary, about."""
        return max(1, (len(self.tokens) // self._columns(size) - 1) // self.steps)

    def batches(
        self,
        size: int,
        generator: Generator,
        augmentations: tuple[Augmentation, ...] = (),
        *,
        vary: bool = False,
    ) -> Iterator[Batch]:
        """Yield the part once, in its order: `size` columns, a segment of each after the other.

        What is left over for a last incomplete segment or row is left out, the same in every
        pass; columns shorter than a segment are one batch.

        Args:
            size: Columns, 2 or more; a text has only so many that each has two tokens.
            generator: On the CPU; gives the lengths if they vary.
            augmentations: For images; a text is read as it is.
            vary: Draw the length of every segment, see `columns.lengths`.

        Raises:
            ValueError: `size` is below 2, or there are less than four tokens.
        """
        if size < LEAST or len(self.tokens) < 2 * LEAST:
            raise ValueError(
                f"{size} columns of {len(self.tokens)} tokens; there have to be {LEAST}+ columns "
                "of 2+ tokens"
            )
        inputs, targets = side_by_side(self.tokens, self._columns(size))
        yield from _stream(inputs, targets, lengths(len(inputs), self.steps, generator, vary=vary))

    def _columns(self, size: int) -> int:
        return max(1, min(size, len(self.tokens) // 2))

    def in_order(self, size: int) -> Iterator[Batch]:
        """Yield the part so that every token but the first is a target, and just once.

        For measuring. What comes before a token is known for the more of them the fewer columns
        there are, so there are 10 at most, whatever `size` allows, and fewer in a short text.
        """
        inputs, targets = for_measuring(self.tokens, self.steps, size, NOTHING)
        yield from _stream(inputs, targets, [self.steps] * -(-len(inputs) // self.steps))


Part: TypeAlias = ImagePart | TextPart
"""Examples that are used for one purpose."""


def forever(
    part: Part,
    size: int,
    generator: Generator,
    augmentations: tuple[Augmentation, ...] = (),
    *,
    vary: bool = False,
) -> Iterator[Batch]:
    """Yield `batches` without end, anew on every pass; for the architecture's data."""
    while True:
        yield from part.batches(size, generator, augmentations, vary=vary)


def _stream(inputs: Tensor, targets: Tensor, segments: Iterable[int]) -> Iterator[Batch]:
    """Yield segments of some lengths; each starts with the states at the end of the one before.

    Without an end, if nothing ran on the one before, the states are those of its start.
    """
    place, states = 0, None
    for length in segments:
        batch = Batch(inputs[place : place + length], targets[place : place + length], states)
        yield batch
        place, states = place + length, batch.start if batch.end is None else batch.end
