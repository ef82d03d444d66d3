"""The optimisers of weights and of alpha that all methods share, and their learning rates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from dslnas.backends.torch.constraints import constrain
from dslnas.settings.values import (
    Adagrad,
    Adam,
    AdamW,
    AnyOptimiser,
    Cosine,
    Exponential,
    Linear,
    Rate,
    RmsProp,
    Schedule,
    Sgd,
    Steps,
    Warmup,
)
from dslnas.state import State, StateError, taken

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


def torch_optimiser(
    weights: Sequence[Tensor], settings: AnyOptimiser, epochs: int
) -> torch.optim.Optimizer:
    """Return the optimiser of some tensors, with the learning rate of the first epoch."""
    rate, decay = value_at(settings.lr, 0, epochs), settings.weight_decay
    match settings:
        case Sgd(momentum=momentum):
            return torch.optim.SGD(weights, lr=rate, momentum=momentum, weight_decay=decay)
        case Adam(betas=betas):
            return torch.optim.Adam(weights, lr=rate, betas=betas, weight_decay=decay)
        case AdamW(betas=betas):
            return torch.optim.AdamW(weights, lr=rate, betas=betas, weight_decay=decay)
        case RmsProp(decay=alpha, momentum=momentum):
            return torch.optim.RMSprop(
                weights, lr=rate, alpha=alpha, momentum=momentum, weight_decay=decay
            )
        case Adagrad():
            return torch.optim.Adagrad(weights, lr=rate, weight_decay=decay)


def norm_of(gradients: Sequence[Tensor | None]) -> float:
    """Return the Euclidean norm of all gradients laid end to end; 0 where there are none."""
    norms = [g.norm() for g in gradients if g is not None]
    return float(torch.stack(norms).norm()) if norms else 0.0


def scaled(gradients: Sequence[Tensor | None], factor: float) -> Sequence[Tensor | None]:
    """Return gradients times a factor; themselves where it is 1."""
    return gradients if factor == 1.0 else [None if g is None else factor * g for g in gradients]


class WeightOptimiser:
    """The optimiser of a network's weights, with the gradient clipped at a global norm.

    A weight without a gradient stays as it is: neither decay nor momentum moves it.
    """

    def __init__(
        self, weights: Sequence[nn.Parameter], settings: AnyOptimiser, epochs: int
    ) -> None:
        self._weights = weights
        self._settings = settings
        self._epochs = epochs
        self._optimiser = torch_optimiser(weights, settings, epochs)

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rate of an epoch, counted from 0."""
        _set_rate(self._optimiser, value_at(self._settings.lr, epoch, self._epochs))

    @property
    def rate(self) -> float:
        """The learning rate of this epoch."""
        rate: float = self._optimiser.param_groups[0]["lr"]
        return rate

    def step(self, gradients: Sequence[Tensor | None], share: float = 1.0) -> None:
        """Take one step along the clipped gradients, one per weight; without one it stays.

        The step is taken at a share of the epoch's learning rate.
        """
        for weight, gradient in zip(self._weights, gradients, strict=True):
            # contiguous: autograd may give one number for all entries, which clipping cannot scale
            weight.grad = None if gradient is None else gradient.contiguous()
        if self._settings.clip > 0:
            nn.utils.clip_grad_norm_(self._weights, self._settings.clip)
        rate = self.rate
        _set_rate(self._optimiser, share * rate)
        self._optimiser.step()
        constrain(self._weights)
        _set_rate(self._optimiser, rate)

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
            buffer = self._optimiser.state[weight].get("momentum_buffer")
            if buffer is not None:
                moved = moved + self._settings.momentum * buffer
            result.append(moved)
        return result

    def state(self) -> State:
        """Return what steps left of the weights that moved; the rate follows from the epoch."""
        return Buffers(self._optimiser).state()

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on with what another search or training of the same weights has left."""
        Buffers(self._optimiser).take(state)


class AlphaOptimiser:
    """Adam or SGD on the architecture parameters."""

    def __init__(self, alphas: Sequence[Tensor], settings: Adam | Sgd, epochs: int) -> None:
        self._alphas = alphas
        self._settings = settings
        self._epochs = epochs
        self._optimiser = torch_optimiser(alphas, settings, epochs)

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rate of an epoch, counted from 0."""
        _set_rate(self._optimiser, value_at(self._settings.lr, epoch, self._epochs))

    def step(self, gradients: Sequence[Tensor]) -> None:
        """Take one step with the clipped gradients, one per alpha."""
        for alpha, gradient in zip(self._alphas, gradients, strict=True):
            alpha.grad = gradient
        if self._settings.clip > 0:
            nn.utils.clip_grad_norm_(self._alphas, self._settings.clip)
        self._optimiser.step()

    def state(self) -> State:
        """Return the momentum, or the moments of gradients; the rate follows from the epoch."""
        return Buffers(self._optimiser).state()

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on with what the steps of another search of the same size have left."""
        Buffers(self._optimiser).take(state)


class Buffers:
    """The buffers of an optimiser by number of the parameter, of those that moved."""

    def __init__(self, optimiser: torch.optim.Optimizer) -> None:
        self._optimiser = optimiser

    def state(self) -> State:
        """Return the buffers themselves."""
        return {
            f"{number}/{name}": buffers[name]
            for number, parameter in enumerate(_parameters(self._optimiser))
            for buffers in (self._optimiser.state.get(parameter, {}),)
            for name in _buffers_like(self._optimiser, parameter)
            if name in buffers
        }

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Replace them all by copies of others."""
        found: dict[Tensor, State] = {}
        left = set(state)
        for number, parameter in enumerate(_parameters(self._optimiser)):
            wanted = _buffers_like(self._optimiser, parameter)
            names = {name: f"{number}/{name}" for name in wanted}
            if left.isdisjoint(names.values()):
                continue  # it never moved
            left.difference_update(names.values())
            found[parameter] = {
                name: taken(state, names[name], like).clone() for name, like in wanted.items()
            }
        if left:
            raise StateError(f"`{min(left)}` is not of this optimiser")
        self._optimiser.state.clear()
        self._optimiser.state.update(found)


def _parameters(optimiser: torch.optim.Optimizer) -> list[Tensor]:
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]


def _buffers_like(optimiser: torch.optim.Optimizer, parameter: Tensor) -> State:
    """Return by name a tensor like each buffer of a parameter."""
    count, has_momentum = torch.zeros(()), optimiser.defaults.get("momentum", 0) > 0
    momentum = {"momentum_buffer": parameter} if has_momentum else {}
    match optimiser:
        case torch.optim.Adam() | torch.optim.AdamW():
            return {"step": count, "exp_avg": parameter, "exp_avg_sq": parameter}
        case torch.optim.RMSprop():
            return {"step": count, "square_avg": parameter, **momentum}
        case torch.optim.Adagrad():
            return {"step": count, "sum": parameter}
    return momentum


def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate
