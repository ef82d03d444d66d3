"""One stream of tokens that is read at many places side by side, in its order.

What recurrent cells remember at the end of a batch is where the next one starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Generator, Tensor

from dslnas.data.batches import LEAST, NOTHING, Batch, Part, Reading, States
from dslnas.data.bptt import BLOCK, Columns, for_measuring, length_at, side_by_side
from dslnas.data.text import check_columns
from dslnas.data.token_file import Tokens, joined_tokens
from dslnas.settings.values import Augmentation
from dslnas.state import State, StateError, check_names, joined, number, part_of, taken

TOKEN = "token"
"""Name of the network's input."""

STATES = "states"


@dataclass(frozen=True)
class StreamPart(Part):
    """A piece of a stream of tokens int64 (N,), each of which predicts the next one.

    A batch has so many `steps` at each place.
    """

    tokens: Tokens
    steps: int

    def __len__(self) -> int:
        """Return the number of targets: all tokens but the first."""
        return max(0, len(self.tokens) - 1)

    def tensors(self) -> Iterator[Tensor]:
        """Yield the tokens, in blocks."""
        for start in range(0, max(1, len(self.tokens)), BLOCK):
            yield self.tokens[start : start + BLOCK]

    @property
    def nbytes(self) -> int:
        """Memory that the tokens take: none in a file."""
        return self.tokens.nbytes

    def counts(self, kinds: int) -> Tensor:
        """Return how often each of so many different tokens occurs, int64 (kinds,)."""
        blocks = (block.bincount(minlength=kinds) for block in self.tensors())
        return sum(blocks, start=self.tokens[:0].bincount(minlength=kinds))

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
    ) -> Reading:
        """Read the part once, in its order: `size` columns, a segment of each after the other.

        What is left over for a last incomplete segment or row is left out, the same in every
        pass; columns shorter than a segment are one batch. There are only so many columns that
        each has two tokens.
        """
        if size < LEAST or len(self.tokens) < 2 * LEAST:
            raise ValueError(
                f"{size} columns of {len(self.tokens)} tokens; there have to be {LEAST}+ columns "
                "of 2+ tokens"
            )
        columns = side_by_side(self.tokens, self._columns(size), NOTHING)
        rows, steps = len(columns), self.steps
        return StreamReading(
            columns, lambda place: length_at(place, rows, steps, generator, vary=vary)
        )

    def _columns(self, size: int) -> int:
        return max(1, min(size, len(self.tokens) // 2))

    def in_order(self, size: int) -> Reading:
        """Read the part so that every token but the first is a target, and just once.

        For measuring. More is known of what stands before a token the fewer columns there are;
        there are `size`, and fewer in a short text.
        """
        columns = for_measuring(self.tokens, self.steps, size, NOTHING)
        return StreamReading(columns, lambda place: min(self.steps, len(columns) - place))

    def spread(self, count: int) -> Mapping[str, Tensor]:
        """Return the first segment of so many columns."""
        columns = side_by_side(self.tokens, self._columns(count), NOTHING)
        inputs, _ = columns.segment(0, min(self.steps, len(columns)))
        return {TOKEN: inputs}

    def held_out(self, size: int, generator: Generator) -> Reading:
        """Read the part in as many columns as in training: batch norm's statistics need them."""
        return self.batches(size, generator)

    def to(self, device: torch.device | str) -> Self:
        """Return the part on a device."""
        return type(self)(self.tokens.to(device), self.steps)

    def joined(self, other: Self) -> Self:
        """Return this piece and then another as one; a copy."""
        return type(self)(joined_tokens(self.tokens, other.tokens), self.steps)

    def check_batch(self, size: int) -> None:
        """Raise NAS611 unless there are two tokens for every column of a batch."""
        check_columns(len(self.tokens), size)

    def rate_share(self, batch: Batch) -> float:
        """Return how long a segment is, as a share of the usual length."""
        return len(batch.targets) / self.steps


class StreamReading(Reading):
    """A pass over columns, in segments.

    Each segment starts with the states at the end of the one before. Without an end, if nothing
    ran on the one before, the states are those of its start.
    """

    def __init__(self, columns: Columns, length_of: Callable[[int], int]) -> None:
        """Take how long the segment at a place is; 0 where the pass ends."""
        self._columns, self._length_of = columns, length_of
        self._place = 0
        self._batch: Batch | None = None
        self._taken: States | None = None

    def __next__(self) -> Batch:
        """Return the next segment."""
        length = self._length_of(self._place)
        if length == 0:
            raise StopIteration
        inputs, targets = self._columns.segment(self._place, length)
        self._batch = Batch({TOKEN: inputs}, targets, self._carried(), axis=1)
        self._place += length
        return self._batch

    def _carried(self) -> States | None:
        """Return the states for the next segment; who ran the last one may have changed them."""
        last = self._batch
        if last is None:
            return self._taken
        return last.start if last.end is None else last.end

    def state(self) -> State:
        """Return the place, and the states for the next segment once there are any."""
        carried = {str(index): states for index, states in enumerate(self._carried() or ())}
        return {"place": number(self._place), "shape": self._shape, **joined({STATES: carried})}

    @property
    def _shape(self) -> Tensor:
        return torch.tensor(self._columns.shape)

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on at a place."""
        place, shape = taken(state, "place", number(0)), taken(state, "shape", self._shape)
        if not torch.equal(shape, self._shape) or not 0 <= int(place) <= len(self._columns):
            raise StateError(
                f"it reads {_columns(shape)} and is at {int(place)}, needs {_columns(self._shape)}"
            )
        carried = part_of(state, STATES)
        names = [str(index) for index in range(len(carried))]
        wanted = {"place": place, "shape": shape, **joined({STATES: dict.fromkeys(names, shape)})}
        check_names(state, wanted)
        device = self._columns.device
        self._taken = tuple(carried[name].detach().to(device) for name in names) or None
        self._batch, self._place = None, int(place)


def _columns(shape: Tensor) -> str:
    rows, columns = shape.tolist()
    return f"{columns} columns of {rows} tokens"
