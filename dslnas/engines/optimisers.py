"""The optimisers of weights and of alpha that all methods share, and their learning rates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from dslnas.backends.torch.constraints import constrain
from dslnas.engines.descent import Descent
from dslnas.settings.values import (
    Adam,
    AnyOptimiser,
    Cosine,
    Exponential,
    Linear,
    Rate,
    Schedule,
    Sgd,
    Steps,
    Warmup,
)
from dslnas.state import State

NORM_OFFSET = 1e-6
"""Added to a norm before a clip is divided by it, as torch and the published programs do."""


def value_at(schedule: Schedule | Rate, epoch: int, epochs: int) -> float:
    """Return the value of a schedule in an epoch, counted from 0.

    cosine: end + (start - end) * (1 + cos(pi * epoch / epochs)) / 2; exponential:
    start * factor ** epoch; linear: start + (end - start) * epoch / (epochs - 1); steps:
    start * factor ** (epochs `at` that are over); warmup of w epochs: (epoch + 1) / (w + 1) of what
    the rest starts with, which then has the other epochs.
    """
    match schedule:
        case Cosine(start=start, end=end):
            return end + (start - end) * (1 + math.cos(math.pi * epoch / epochs)) / 2
        case Exponential(start=start, factor=factor):
            return float(start * factor**epoch)
        case Linear(start=start, end=end):
            return start + (end - start) * min(epoch / max(epochs - 1, 1), 1.0)
        case Steps(start=start, at=at, factor=factor):
            return float(start * factor ** sum(place <= epoch for place in at))
        case Warmup(epochs=rising, then=then):
            share, left = min(1.0, (epoch + 1) / (rising + 1)), max(1, epochs - rising)
            return share * value_at(then, max(0, epoch - rising), left)
    return schedule


def norm_of(gradients: Sequence[Tensor | None]) -> float:
    """Return the Euclidean norm of all gradients laid end to end; 0 where there are none."""
    found = [g for g in gradients if g is not None]
    return float(_norm(found)) if found else 0.0


def scaled(gradients: Sequence[Tensor | None], factor: float | Tensor) -> Sequence[Tensor | None]:
    """Return gradients times a factor; themselves where it is the number 1."""
    if isinstance(factor, float) and factor == 1.0:
        return gradients
    found = [g for g in gradients if g is not None]
    products = iter(torch._foreach_mul(found, factor) if found else ())
    return [None if g is None else next(products) for g in gradients]


def clipped(gradients: Sequence[Tensor | None], bound: float) -> Sequence[Tensor | None]:
    """Return gradients, all times min(1, bound / (norm + 1e-6)); with a bound of 0 as they are."""
    found = [g for g in gradients if g is not None]
    if bound == 0 or not found:
        return gradients
    return scaled(gradients, (bound / (_norm(found) + NORM_OFFSET)).clamp(max=1.0))


def _norm(tensors: list[Tensor]) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(tensors)))
    return norm


class WeightOptimiser:
    """The optimiser of a network's weights, with the gradient clipped at a global norm.

    A weight without a gradient stays as it is: neither decay nor momentum moves it.

    Attributes:
        rate: The learning rate of this epoch.
    """

    def __init__(
        self, weights: Sequence[nn.Parameter], settings: AnyOptimiser, epochs: int
    ) -> None:
        self._weights, self._settings, self._epochs = weights, settings, epochs
        self._descent = Descent(weights, settings)
        self.rate = value_at(settings.lr, 0, epochs)

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rate of an epoch, counted from 0."""
        self.rate = value_at(self._settings.lr, epoch, self._epochs)

    def step(
        self, gradients: Sequence[Tensor | None], share: float = 1.0
    ) -> Sequence[Tensor | None]:
        """Take one step along the clipped gradients, one per weight, and return them.

        A weight without one stays. The step is taken at a share of the epoch's learning rate.
        """
        along = clipped(gradients, self._settings.clip)
        self._descent.step(along, share * self.rate)
        constrain(self._weights)
        return along

    def gradients(self, loss: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradient of a loss in every weight; None where it does not depend on it."""
        return torch.autograd.grad(loss, self._weights, allow_unused=True)

    def clip_factor(self, gradients: Sequence[Tensor | None]) -> float:
        """Return min(1, clip / (norm + 1e-6)): what a step along the gradients scales them by."""
        if self._settings.clip == 0:
            return 1.0
        return min(1.0, self._settings.clip / (norm_of(gradients) + NORM_OFFSET))

    def direction(self, gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
        """Return mu * b + g + weight_decay * w: what a step of SGD at rate 1 subtracts, unclipped.

        b are the momentum buffers as they are; there are none before the first step.
        """
        assert isinstance(self._settings, Sgd), "settings say that only its steps are looked ahead"
        result: list[Tensor | None] = []
        for weight, gradient in zip(self._weights, gradients, strict=True):
            if gradient is None:
                result.append(None)
                continue
            moved = gradient + self._settings.weight_decay * weight.detach()
            buffer = self._descent.buffers.get(weight, {}).get("momentum_buffer")
            if buffer is not None:
                moved = moved + self._settings.momentum * buffer
            result.append(moved)
        return result

    def state(self) -> State:
        """Return what steps left of the weights that moved; the rate follows from the epoch."""
        return self._descent.state()

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on with what another search or training of the same weights has left."""
        self._descent.take(state)


class AlphaOptimiser:
    """Adam or SGD on the architecture parameters."""

    def __init__(self, alphas: Sequence[Tensor], settings: Adam | Sgd, epochs: int) -> None:
        self._settings, self._epochs = settings, epochs
        self._descent = Descent(alphas, settings)
        self._rate = value_at(settings.lr, 0, epochs)

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rate of an epoch, counted from 0."""
        self._rate = value_at(self._settings.lr, epoch, self._epochs)

    def step(self, gradients: Sequence[Tensor]) -> None:
        """Take one step with the clipped gradients, one per alpha."""
        self._descent.step(clipped(gradients, self._settings.clip), self._rate)

    def state(self) -> State:
        """Return the momentum, or the moments of gradients; the rate follows from the epoch."""
        return self._descent.state()

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on with what the steps of another search of the same size have left."""
        self._descent.take(state)
