"""The two optimisers that all methods share, and their learning rates."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dslnas.settings.values import Adam, Cosine, Exponential, Schedule, Sgd


def learning_rate(schedule: Schedule, epoch: int, epochs: int) -> float:
    """Return the learning rate of an epoch, counted from 0.

    cosine: end + (start - end) * (1 + cos(pi * epoch / epochs)) / 2; exponential:
    start * factor ** epoch.
    """
    match schedule:
        case Cosine(start=start, end=end):
            return end + (start - end) * (1 + math.cos(math.pi * epoch / epochs)) / 2
        case Exponential(start=start, factor=factor):
            return float(start * factor**epoch)
    return schedule


class WeightOptimiser:
    """SGD on the network's weights, with the gradient clipped at a global norm.

    A weight without a gradient stays as it is: neither decay nor momentum moves it.
    """

    def __init__(self, weights: Sequence[nn.Parameter], settings: Sgd, epochs: int) -> None:
        self._weights = weights
        self._settings = settings
        self._epochs = epochs
        self._sgd = torch.optim.SGD(
            weights,
            lr=learning_rate(settings.lr, 0, epochs),
            momentum=settings.momentum,
            weight_decay=settings.weight_decay,
        )

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rate of an epoch, counted from 0."""
        _set_rate(self._sgd, learning_rate(self._settings.lr, epoch, self._epochs))

    def descend(self, loss: Tensor) -> None:
        """Take one step along the clipped gradient of a loss.

        Other leaves that the loss depends on get its gradient added to theirs.
        """
        self._sgd.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        if self._settings.clip > 0:
            nn.utils.clip_grad_norm_(self._weights, self._settings.clip)
        self._sgd.step()


class AlphaOptimiser:
    """Adam on the architecture parameters."""

    def __init__(self, alphas: Sequence[Tensor], settings: Adam, epochs: int) -> None:
        self._alphas = alphas
        self._settings = settings
        self._epochs = epochs
        self._adam = torch.optim.Adam(
            alphas,
            lr=learning_rate(settings.lr, 0, epochs),
            betas=settings.betas,
            weight_decay=settings.weight_decay,
        )

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rate of an epoch, counted from 0."""
        _set_rate(self._adam, learning_rate(self._settings.lr, epoch, self._epochs))

    def step(self, gradients: Sequence[Tensor]) -> None:
        """Take one step with the gradients, one per alpha."""
        for alpha, gradient in zip(self._alphas, gradients, strict=True):
            alpha.grad = gradient
        self._adam.step()


def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate
