"""The mixed second derivative of the training loss times a vector, H v, without making H.

H v = grad_alpha (grad_w L_train(w, alpha) . v), by central differences of the gradient in alpha or
by differentiating twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, TypeAlias

import torch
from torch import Generator, Tensor, nn

from dslnas.engines.objectives.accumulation import Gradients
from dslnas.engines.optimisers import norm_of

SHIFT = 0.01
"""The weights are shifted by this distance to both sides, as published: eps = 0.01 / ||v||."""

Hessian: TypeAlias = Literal["difference", "exact"]


class Move:
    """Puts weights at w + distance * direction, w being where they were at the start."""

    def __init__(self, weights: Sequence[nn.Parameter]) -> None:
        self._weights = weights
        self._start = [weight.detach().clone() for weight in weights]

    def __call__(self, direction: Gradients, distance: float) -> None:
        """Move every weight; those without a direction stand at w."""
        for weight, start, d in zip(self._weights, self._start, direction, strict=True):
            # `data`: the graph of an exact product still holds the weights, and finds them as they
            # were when it is used, which autograd cannot know.
            weight.data.copy_(start)
            if d is not None and distance != 0.0:
                weight.data.add_(d, alpha=distance)


@contextmanager
def movable(weights: Sequence[nn.Parameter]) -> Iterator[Move]:
    """Give what moves the weights, and put them back at the end, whatever happens."""
    move = Move(weights)
    try:
        yield move
    finally:
        move([None] * len(weights), 0.0)


class Noise:
    """Random numbers that a generator will draw from now on, to be drawn again.

    Dropout makes the training loss another function for every mask. Differences of it mean nothing
    unless both sides have the mask of the gradient whose derivative they stand for.
    """

    def __init__(self, generator: Generator | None) -> None:
        """Remember the state of a generator; without one there is nothing to repeat."""
        self._generator = generator
        self._state = None if generator is None else generator.get_state()

    @contextmanager
    def again(self) -> Iterator[None]:
        """Draw the same inside of this, and go on behind it as if nothing had been drawn."""
        if self._generator is None or self._state is None:
            yield
            return
        now = self._generator.get_state()
        self._generator.set_state(self._state)
        try:
            yield
        finally:
            self._generator.set_state(now)


def difference(
    move: Move, slope: Callable[[], tuple[Tensor, ...]], vector: Gradients
) -> tuple[Tensor, ...]:
    """Return (slope at w + eps * v - slope at w - eps * v) / (2 * eps), eps = 0.01 / ||v||.

    The slope is grad_alpha L_train where the weights stand, w - eps * v at the end; v is not 0.
    """
    eps = SHIFT / norm_of(vector)
    move(vector, eps)
    plus = slope()
    move(vector, -eps)
    minus = slope()
    return tuple((p - m) / (2 * eps) for p, m in zip(plus, minus, strict=True))


def exact(
    inner: Gradients, vector: Gradients, alphas: Sequence[Tensor], *, keep: bool
) -> tuple[Tensor, ...]:
    """Return grad_alpha (grad_w L_train . v) from the inner gradient with its graph.

    The weights stand where that was made; `keep` says whether the graph is needed once more.
    """
    pairs = zip(inner, vector, strict=True)
    products = [(g * v).sum() for g, v in pairs if g is not None and v is not None]
    total = torch.stack(products).sum()
    return torch.autograd.grad(total, alphas, materialize_grads=True, retain_graph=keep)
