"""Training of encoder, predictor and decoder on a pool of architectures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.engines.descent import Descent
from dslnas.engines.optimisers import clipped, value_at
from dslnas.engines.surrogate import Surrogate
from dslnas.engines.tokens import Tokens
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.sampled_methods import NaoSettings

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
    adam = Descent(list(surrogate.parameters()), settings.arch)
    surrogate.train()
    for _ in range(settings.fits):
        order = torch.randperm(len(inputs), generator=generator)
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            step(surrogate, adam, rate, inputs[places], wanted[places])
        after_each()
    surrogate.eval()


def step(
    surrogate: Surrogate, adam: Descent, rate: float, sequences: Tensor, goals: Tensor
) -> float:
    """Take one step along the clipped gradients of all weights; return the loss before it."""
    loss = surrogate_loss(surrogate, sequences, goals)
    adam.step(clipped(torch.autograd.grad(loss, adam.tensors), CLIP), rate)
    return float(loss.detach())


def surrogate_loss(surrogate: Surrogate, sequences: Tensor, goals: Tensor) -> Tensor:
    """Return 0.8 * (mean squared error) + 0.2 * (mean negative log-likelihood of all tokens)."""
    encoded = surrogate.encode(sequences)
    logs = surrogate.log_probabilities(encoded, sequences).flatten(0, 1)
    missed = functional.mse_loss(surrogate.predict(encoded), goals)
    return SHARE * missed + (1 - SHARE) * functional.nll_loss(logs, sequences.flatten())
