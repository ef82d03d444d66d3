"""Serving examples in batches, shuffled for training or in order for measuring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Generator, Tensor

from dslnas.data.augment import augment
from dslnas.settings.values import Augmentation

LEAST = 2  # batch normalisation cannot train on one example


@dataclass(frozen=True)
class Part:
    """Examples that are used for one purpose, on one device.

    Attributes:
        images: float32 (N, C, H, W), normalised.
        labels: int64 (N,).
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


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


def batch_count(part: Part, size: int) -> int:
    """Return how many batches one pass of `batches` has."""
    return max(1, len(part) // size)


def batches(
    part: Part, size: int, generator: Generator, augmentations: tuple[Augmentation, ...] = ()
) -> Iterator[Batch]:
    """Yield the part once in a new order, in batches of `size` examples.

    The examples that are left over for a last incomplete batch are left out of this pass; a part
    smaller than `size` is one batch by itself.

    Args:
        part: What to learn from; never the validation or test part.
        size: Examples in a batch, 2 or more.
        generator: On the CPU; gives the order, then the changes of one batch after the other.
        augmentations: Random changes of the images.

    Raises:
        ValueError: `size` or the number of examples is below 2.
    """
    if size < LEAST or len(part) < LEAST:
        raise ValueError(f"batches of {size} from {len(part)} examples; both have to be {LEAST}+")
    order = torch.randperm(len(part), generator=generator).to(part.labels.device)
    for number in range(batch_count(part, size)):
        chosen = order[number * size : (number + 1) * size]
        images = augment(part.images[chosen], augmentations, generator)
        yield Batch(images, part.labels[chosen])


def forever(
    part: Part, size: int, generator: Generator, augmentations: tuple[Augmentation, ...] = ()
) -> Iterator[Batch]:
    """Yield `batches` without end, in a new order on every pass; for the architecture's data."""
    while True:
        yield from batches(part, size, generator, augmentations)


def in_order(part: Part, size: int) -> Iterator[Batch]:
    """Yield the whole part unchanged and in order; the last batch may be smaller, even 1.

    For measuring, where a network is in evaluation mode.
    """
    for start in range(0, len(part), size):
        yield Batch(part.images[start : start + size], part.labels[start : start + size])
