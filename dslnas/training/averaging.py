"""Averages of weights, kept beside them while steps go on: what is measured and exported.

Averaged SGD (Merity et al., ICLR 2018, section 3.2) takes the mean over all steps once a validation
has stalled; an exponential moving average follows the weights from the first step on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from dslnas.state import State, Tensors, number, state_of, take_parts, taken


def has_stalled(losses: Sequence[float], checks: int) -> bool:
    """Whether the last loss is worse than the best one more than `checks` before it; 0: never.

    Algorithm 1 of the paper, with n = `checks` (5 there): validation may go up and down in between.
    """
    return 0 < checks < len(losses) - 1 and losses[-1] > min(losses[: -checks - 1])


class Average:
    """The running mean of some weights, or their exponential moving average.

    Of n values so far the average moves towards the next by 1 / (n + 1), or by 1 - d where there is
    a `decay`; d = min(decay, (1 + n) / (10 + n)), so that the start is forgotten.

    Attributes:
        count: How many values of each weight are in it.
        means: One per weight, in their order; none before the first value.
    """

    def __init__(self, weights: Sequence[Tensor], decay: float | None = None) -> None:
        """Begin without any value."""
        self._weights, self._decay = list(weights), decay
        self.count = 0
        self.means: list[Tensor] = []

    @torch.no_grad()
    def add(self) -> None:
        """Add the weights as they are now."""
        if self.count == 0:
            self.means = self._zeros()
        inertia = self._inertia()
        self.count += 1
        moves = torch._foreach_sub(self._weights, self.means)
        torch._foreach_div_(moves, inertia)
        torch._foreach_add_(self.means, moves)

    def _inertia(self) -> float:
        """Return the number of values as one of which the next counts."""
        if self._decay is None or self.count == 0:
            return self.count + 1
        return 1 / (1 - min(self._decay, (1 + self.count) / (10 + self.count)))

    def state(self) -> State:
        """Return how many values there are, and the means by number of the weight."""
        return {"count": number(self.count), **state_of(self._parts())}

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on with the average of an earlier training."""
        self.count = int(taken(state, "count", number(0)))
        self.means = self._zeros() if self.count > 0 else []
        take_parts(self._parts(), state, besides=["count"])

    def _zeros(self) -> list[Tensor]:
        return [torch.zeros_like(weight) for weight in self._weights]

    def _parts(self) -> dict[str, Tensors]:
        return {"means": Tensors({str(index): mean for index, mean in enumerate(self.means)})}

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Run inside of this with the means as the weights; without any value as they are."""
        if self.count == 0:
            yield
            return
        before = [weight.detach().clone() for weight in self._weights]
        self._put(self.means)
        try:
            yield
        finally:
            self._put(before)

    def use(self) -> None:
        """Let the weights be the means from now on, if there is any value."""
        if self.count > 0:
            self._put(self.means)

    @torch.no_grad()
    def _put(self, values: list[Tensor]) -> None:
        torch._foreach_copy_(self._weights, values)
