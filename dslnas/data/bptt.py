"""Reading one text at many places side by side, in segments."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

SHORTEST = 5
"""Steps of a segment, where lengths vary."""

HALVED = 0.05
"""How often a segment is of half the length, where lengths vary."""

DEVIATION = 5.0
"""Standard deviation of the lengths, in steps."""


def side_by_side(tokens: Tensor, columns: int) -> tuple[Tensor, Tensor]:
    """Return tokens int64 (N,) in columns, each the continuation of the one to its left.

    Returns:
        Inputs and targets, (N // columns - 1, columns) each: of a column, all tokens but the last,
        and all but the first. Tokens that are left over are left out.
    """
    rows = len(tokens) // columns
    table = tokens[: rows * columns].view(columns, rows).t().contiguous()
    return table[:-1], table[1:]


def for_measuring(tokens: Tensor, steps: int, most: int, nothing: int) -> tuple[Tensor, Tensor]:
    """Return a text in columns in which every token but the first is a target, just once.

    There are `most` columns, or so many that they have a segment of `steps`. Behind the end of the
    text, in the last one, targets are `nothing`. Inputs and targets are (time, columns) each.
    """
    count = max(0, len(tokens) - 1)
    rows = -(-count // max(1, min(most, count // steps)))
    columns = -(-count // max(1, rows))  # rounding up can leave the last ones without a target
    padding = rows * columns - count
    inputs = torch.cat([tokens[:-1], tokens.new_zeros(padding)])
    targets = torch.cat([tokens[1:], tokens.new_full((padding,), nothing)])
    return (
        inputs.view(columns, rows).t().contiguous(),
        targets.view(columns, rows).t().contiguous(),
    )


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
