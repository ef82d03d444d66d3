"""One stream of tokens that is read at many places side by side, in its order.

What recurrent cells remember at the end of a batch is where the next one starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import torch
from torch import Generator, Tensor

from dslnas.data.batches import LEAST, NOTHING, Batch, Part
from dslnas.data.bptt import for_measuring, lengths, side_by_side
from dslnas.data.text import check_columns
from dslnas.settings.values import Augmentation

TOKEN = "token"
"""Name of the network's input."""


@dataclass(frozen=True)
class StreamPart(Part):
    """A piece of a stream of tokens int64 (N,), each of which predicts the next one.

    A batch has so many `steps` at each place.
    """

    tokens: Tensor
    steps: int

    def __len__(self) -> int:
        """Return the number of targets: all tokens but the first."""
        return max(0, len(self.tokens) - 1)

    @property
    def nbytes(self) -> int:
        """Memory that the tokens take."""
        return self.tokens.nbytes

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
        pass; columns shorter than a segment are one batch. There are only so many columns that
        each has two tokens.
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

        For measuring. More is known of what stands before a token the fewer columns there are;
        there are `size`, and fewer in a short text.
        """
        inputs, targets = for_measuring(self.tokens, self.steps, size, NOTHING)
        yield from _stream(inputs, targets, [self.steps] * -(-len(inputs) // self.steps))

    def held_out(self, size: int, generator: Generator) -> Iterator[Batch]:
        """Yield the part in as many columns as in training: batch norm's statistics need them."""
        return self.batches(size, generator)

    def to(self, device: torch.device | str) -> Self:
        """Return the part on a device."""
        return type(self)(self.tokens.to(device), self.steps)

    def joined(self, other: Self) -> Self:
        """Return this piece and then another as one; a copy."""
        return type(self)(torch.cat([self.tokens, other.tokens]), self.steps)

    def check_batch(self, size: int) -> None:
        """Raise NAS611 unless there are two tokens for every column of a batch."""
        check_columns(len(self.tokens), size)

    def rate_share(self, batch: Batch) -> float:
        """Return how long a segment is, as a share of the usual length."""
        return len(batch.targets) / self.steps


def _stream(inputs: Tensor, targets: Tensor, segments: Iterable[int]) -> Iterator[Batch]:
    """Yield segments of some lengths; each starts with the states at the end of the one before.

    Without an end, if nothing ran on the one before, the states are those of its start.
    """
    place, states = 0, None
    for length in segments:
        rows = slice(place, place + length)
        batch = Batch({TOKEN: inputs[rows]}, targets[rows], states, axis=1)
        yield batch
        place, states = place + length, batch.start if batch.end is None else batch.end
