"""Weighing by alpha: the candidates of an edge, or of all edges of a stack."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from dslnas.graph.analysis.plan import Step


class Weighing:
    """Weighs in one run of a network; weights are made once, not at every time step."""

    def __init__(self, mixing: Mapping[str, Tensor] | None) -> None:
        """Take by cell the weights of its operations, (edges, operations); None counts each 1."""
        self.mixing = mixing
        self._known: dict[str, list[Tensor]] = {}

    def __call__(self, step: Step, inputs: Sequence[Tensor]) -> Tensor:
        """Return what a `mix` or a `share` gives.

        mix: sum over o of a_o * o(x). share: x times the sum of a_o over some o. On a stack of
        edges every part has a row of its own.

        Args:
            step: Tells rows and columns.
            inputs: (batch, ...) each, or (edges * batch, ...).
        """
        mix = step.node.mix
        assert mix is not None
        if self.mixing is None:
            if step.node.primitive == "share":
                return inputs[0] * len(mix.columns)
            return sum(inputs[1:], start=inputs[0])
        weights = self.kept(step, lambda: self._weights(step, inputs[0].dim()))
        terms = (_scaled(x, a, mix.rows) for x, a in zip(inputs, weights, strict=True))
        return sum(terms, start=next(terms))

    def weights(self, step: Step, like: Tensor) -> Tensor:
        """Return the weights of one edge or a stack, (edges, operations), of the type of `like`."""
        mix = step.node.mix
        assert mix is not None
        columns = list(mix.columns)
        if self.mixing is None:
            return like.new_ones((mix.rows, len(columns)))
        return columns_of(self.mixing[mix.cell][mix.row : mix.row + mix.rows], columns)

    def kept(self, step: Step, make: Callable[[], list[Tensor]]) -> list[Tensor]:
        """Return what a step weighs with: made where it is first asked for in this run."""
        if step.node.name not in self._known:
            self._known[step.node.name] = make()
        return self._known[step.node.name]

    def _weights(self, step: Step, dimensions: int) -> list[Tensor]:
        """Return the weight of each input, for a stack one per part: (edges, 1, 1, ...)."""
        mix = step.node.mix
        assert mix is not None
        assert self.mixing is not None
        alpha = self.mixing[mix.cell]
        if step.node.primitive == "share":
            found = [columns_of(alpha[mix.row : mix.row + mix.rows], mix.columns).sum(1)]
        elif mix.rows == 1:
            return [alpha[row][column] for row, column in zip(step.rows, step.columns, strict=True)]
        else:
            rows = alpha[mix.row : mix.row + mix.rows]
            found = [rows[:, column] for column in step.columns]
        return [weight.view(-1, *[1] * dimensions) for weight in found]


def columns_of(alpha: Tensor, columns: Sequence[int]) -> Tensor:
    """Return some columns of alpha, (edges, columns).

    Indexing by a list would copy the list to the device and wait for that.
    """
    return torch.cat([alpha[:, column : column + 1] for column in columns], 1)


def weigh_all(step: Step, inputs: Sequence[Tensor], weigh: Weighing) -> Tensor:
    """Return what a `mix` or a `share` gives."""
    return weigh(step, inputs)


def _scaled(x: Tensor, weight: Tensor, parts: int) -> Tensor:
    """Return a value times its weight; each part of a stack has its own."""
    if weight.dim() == 0:
        return weight * x
    return (x.view(parts, -1, *x.shape[1:]) * weight).view(x.shape)
