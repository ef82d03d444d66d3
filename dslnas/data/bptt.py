"""Reading one text at many places side by side, in segments."""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn.utils.rnn import pad_sequence

from dslnas.data.token_file import Tokens

BLOCK = 2**20
"""Tokens that are brought into columns at once."""

SHORTEST = 5
"""Steps of a segment, where lengths vary."""

HALVED = 0.05
"""How often a segment is of half the length, where lengths vary."""

DEVIATION = 5.0
"""Standard deviation of the lengths, in steps."""


class Columns:
    """A text in columns, each the continuation of the one to its left, read in blocks of rows.

    Attributes:
        shape: Number of rows, of inputs with their targets, and of columns.
    """

    def __init__(self, tokens: Tokens, count: int, step: int, rows: int, nothing: int) -> None:
        """Take a text, the number of columns, and how they lie in it.

        Args:
            tokens: The text, int64 (N,).
            count: How many columns there are.
            step: How many tokens behind the start of one the next one starts.
            rows: How many inputs each has; the target of each is the token behind it.
            nothing: Target where there is no token behind an input, which is 0 then.
        """
        self.shape = max(0, rows), count
        self._tokens, self._step, self._nothing = tokens, step, nothing
        self._first = 0
        self._inputs = self._targets = torch.empty((0, count), dtype=torch.int64)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    @property
    def device(self) -> torch.device | str:
        """Where inputs and targets are."""
        return self._tokens.device

    def segment(self, place: int, length: int) -> tuple[Tensor, Tensor]:
        """Return the inputs and targets of some rows, int64 (length, columns) each."""
        if not self._first <= place <= place + length <= self._first + len(self._targets):
            self._read(place, max(length, BLOCK // self.shape[1]))
        rows = slice(place - self._first, place - self._first + length)
        return self._inputs[rows], self._targets[rows]

    def _read(self, first: int, most: int) -> None:
        rows, count = self.shape
        starts = range(0, count * self._step, self._step)
        end = min(rows, first + most) + 1
        columns = [self._tokens[start + first : start + end] for start in starts]
        table = pad_sequence(columns, padding_value=self._nothing)
        self._first, self._targets = first, table[1:]
        self._inputs = table[:-1].masked_fill(self._targets == self._nothing, 0)


def side_by_side(tokens: Tokens, columns: int, nothing: int) -> Columns:
    """Return tokens int64 (N,) in columns of N // columns; those that are left over are left out.

    Inputs of a column are all of its tokens but the last, and targets all but the first.
    """
    rows = len(tokens) // columns
    return Columns(tokens, columns, rows, rows - 1, nothing)


def for_measuring(tokens: Tokens, steps: int, most: int, nothing: int) -> Columns:
    """Return a text in columns in which every token but the first is a target, just once.

    There are `most` columns, or so many that they have a segment of `steps`. Behind the end of the
    text, in the last one, targets are `nothing`.
    """
    count = max(0, len(tokens) - 1)
    rows = -(-count // max(1, min(most, count // steps)))
    columns = -(-count // max(1, rows))  # rounding up can leave the last ones without a target
    return Columns(tokens, columns, rows, rows, nothing)


def length_at(place: int, rows: int, steps: int, generator: Generator, *, vary: bool) -> int:
    """Return the length of the segment at a place of columns with `rows` targets; 0 at their end.

    Without `vary` all have `steps`; what is left for an incomplete one is left out. With it a
    length is normal around `steps`, or in 5 % of the cases around half of that, with deviation 5,
    at least 5; the last one has what is left, unless that is less than 5. There is always one
    segment, however short.

    Reference: Merity, Keskar and Socher, Regularizing and Optimizing LSTM Language Models, ICLR
        2018 (AWD-LSTM), section 4.1.
    """
    left = rows - place
    if place > 0 and left < (SHORTEST if vary else steps):
        return 0
    if not vary:
        return min(steps, left)
    halved = torch.rand((), generator=generator) < HALVED
    middle = steps / 2 if halved else float(steps)
    drawn = middle + DEVIATION * float(torch.randn((), generator=generator))
    return min(max(SHORTEST, int(drawn)), left)
