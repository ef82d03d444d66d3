"""Training of encoder, predictor and decoder on a pool of architectures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from dslnas.engines.optimisers import value_at
from dslnas.engines.surrogate import Surrogate
from dslnas.engines.tokens import Tokens
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.sampled_methods import NaoSettings
from dslnas.settings.values import Adam

BATCH = 100
CLIP = 5.0
"""Largest norm of a gradient."""

SHARE = 0.8
"""Weight of what the predictor misses; the rest is that of the decoder."""


def fit(
    surrogate: Surrogate,
    tokens: Tokens,
    choices: Sequence[Choice],
    goals: Sequence[float],
    generator: torch.Generator,
    settings: NaoSettings,
    epoch: int,
    after_each: Callable[[], None],
) -> None:
    """Train on some architectures, and on as many with two edges of a node swapped.

    `goals` say how good they are, from 0 to 1. The optimiser begins anew, at its rate of an epoch.
    `after_each` is called after every pass over them.
    """
    sequences = [tokens.sequence(choice) for choice in choices]
    swapped = [tokens.swapped(sequence, generator) for sequence in sequences]
    inputs, wanted = torch.tensor([*sequences, *swapped]), torch.tensor([*goals, *goals])
    rate = value_at(settings.arch.lr, epoch, settings.epochs)
    optimiser = optimiser_of(surrogate, settings.arch, rate)
    surrogate.train()
    for _ in range(settings.fits):
        order = torch.randperm(len(inputs), generator=generator)
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            step(surrogate, optimiser, inputs[places], wanted[places])
        after_each()
    surrogate.eval()


def optimiser_of(surrogate: Surrogate, settings: Adam, rate: float) -> torch.optim.Adam:
    """Return Adam on all weights, with decay inside of the gradient."""
    return torch.optim.Adam(
        surrogate.parameters(),
        lr=rate,
        betas=settings.betas,
        weight_decay=settings.weight_decay,
    )


def step(
    surrogate: Surrogate, optimiser: torch.optim.Adam, sequences: Tensor, goals: Tensor
) -> float:
    """Take one step; return the loss before it."""
    loss, weights = surrogate_loss(surrogate, sequences, goals), list(surrogate.parameters())
    for weight, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
        weight.grad = gradient
    nn.utils.clip_grad_norm_(weights, CLIP)
    optimiser.step()
    return float(loss.detach())


def surrogate_loss(surrogate: Surrogate, sequences: Tensor, goals: Tensor) -> Tensor:
    """Return 0.8 * (mean squared error) + 0.2 * (mean negative log-likelihood of all tokens)."""
    encoded = surrogate.encode(sequences)
    logs = surrogate.log_probabilities(encoded, sequences).flatten(0, 1)
    missed = functional.mse_loss(surrogate.predict(encoded), goals)
    return SHARE * missed + (1 - SHARE) * functional.nll_loss(logs, sequences.flatten())
