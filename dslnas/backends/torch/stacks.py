"""Stacks of the values of a time step, each of which is written once.

A node of a recurrent cell often reads what the node before it reads, and one value more. Its stack
is that of the other with a value behind it: both lie in one place, and the gradient of the longer
one flows on through the shorter one.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_
from typing import Any

import torch
from torch import Tensor


class Stacks:
    """Makes the stacks of one time step after the other; steps make alike stacks in one order."""

    def __init__(self) -> None:
        self._piles: dict[int, _Pile] = {}
        self._lengths: list[int] = []

    def begin(self) -> None:
        """Begin a time step; what the last one made is left to those that hold it."""
        self._lengths = [len(pile.values) for pile in self._piles.values()] or self._lengths
        self._piles = {}

    def __call__(self, values: Sequence[Tensor]) -> Tensor:
        """Return values (rows, features) one below the other, as `torch.cat`."""
        if len({(value.dtype, value.requires_grad) for value in values}) > 1:
            return torch.cat(list(values))
        pile = self._piles.get(id(values[0]))
        if pile is None:
            number = len(self._piles)
            expected = self._lengths[number] if number < len(self._lengths) else 0
            pile = self._piles[id(values[0])] = _Pile(values[0], expected)
        return pile.grown(values) if pile.begins(values) else torch.cat(list(values))


class _Pile:
    """A stack that grows.

    Attributes:
        values: Values in it.
    """

    def __init__(self, first: Tensor, expected: int) -> None:
        self.values, self._whole = [first], first
        self._room = first.new_empty((max(expected, 2) * len(first), *first.shape[1:]))
        self._room[: len(first)] = first.detach()

    def begins(self, values: Sequence[Tensor]) -> bool:
        """Whether the stack of some values begins like this one."""
        begin = values[: len(self.values)]
        return len(begin) == len(self.values) and all(map(is_, self.values, begin))

    def grown(self, values: Sequence[Tensor]) -> Tensor:
        """Return the stack of values that it begins, and become it."""
        more = list(values[len(self.values) :])
        if more:
            self._make_room(sum(value.shape[0] for value in (self._whole, *more)))
            whole: Tensor = _Grown.apply(self._room, self._whole, *more)  # type: ignore[no-untyped-call]
            self.values, self._whole = list(values), whole
        return self._whole

    def _make_room(self, rows: int) -> None:
        before = self._room
        if rows > len(before):
            self._room = before.new_empty((max(rows, 2 * len(before)), *before.shape[1:]))
            self._room[: len(self._whole)] = self._whole.detach()


class _Grown(torch.autograd.Function):
    """A stack with values behind it, in a room that has the stack already."""

    @staticmethod
    def forward(ctx: Any, room: Tensor, whole: Tensor, *more: Tensor) -> Tensor:
        ctx.lengths = [whole.shape[0], *(value.shape[0] for value in more)]
        at = ctx.lengths[0]
        for value, rows in zip(more, ctx.lengths[1:], strict=True):
            room[at : at + rows].copy_(value)
            at += rows
        # no view for autograd: what is written behind it later does not change it
        size = torch.Size((at, *room.shape[1:]))
        return room.new_empty(0).set_(room.untyped_storage(), 0, size, room.stride())

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return None, *torch.split_with_sizes(gradient, ctx.lengths)
