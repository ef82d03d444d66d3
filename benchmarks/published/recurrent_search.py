"""The search steps of DARTS on its recurrent network, first and second order.

In the second order the weights that are looked ahead to are those of a clipped step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from published.darts import hessian_product, joined
from published.recurrent import SearchNetwork, Segment

AlphaGradient = Callable[["Search", Segment, Segment], Tensor]
"""Gradient in alpha of a step, from the segment of the weights and the one held out."""


@dataclass(frozen=True)
class Settings:
    """The published settings of the optimisers."""

    rate: float = 20.0
    clip: float = 0.25
    decay: float = 5e-7
    slowness: float = 1e-3


class Search:
    """A search: alpha on one segment, then the weights on another, at the new alpha."""

    def __init__(self, network: SearchNetwork, gradient: AlphaGradient, settings: Settings) -> None:
        self.network = network
        self.gradient = gradient
        self.settings = settings
        self.weights = torch.optim.SGD(
            network.parameters(), lr=settings.rate, weight_decay=settings.decay
        )
        self.arch = torch.optim.Adam([network.alpha], lr=3e-3, weight_decay=1e-3)

    def step(self, train: Segment, held_out: Segment) -> float:
        """Take a step; return the training loss with its penalty."""
        self.network.alpha.grad = self.gradient(self, train, held_out)
        self.arch.step()
        self.weights.zero_grad()
        loss, outputs = loss_of(self.network, train)
        loss = loss + self.settings.slowness * (outputs[1:] - outputs[:-1]).pow(2).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip)
        self.weights.step()
        return float(loss.detach())


def loss_of(network: SearchNetwork, segment: Segment) -> tuple[Tensor, Tensor]:
    """Return the mean loss of all tokens, and the cell's outputs."""
    found, outputs = network(segment.tokens, segment.state)
    return F.nll_loss(found.flatten(0, 1), segment.targets.flatten()), outputs


def first_order(search: Search, train: Segment, held_out: Segment) -> Tensor:
    """Return the gradient of the held-out loss at the weights as they are."""
    search.network.alpha.grad = None
    loss_of(search.network, held_out)[0].backward()  # type: ignore[no-untyped-call]
    assert search.network.alpha.grad is not None
    return search.network.alpha.grad


def second_order(search: Search, train: Segment, held_out: Segment) -> Tensor:
    """Return the gradient of the held-out loss after a clipped step on the other segment."""
    network, settings = search.network, search.settings
    weights = list(network.parameters())
    gradients = torch.autograd.grad(loss_of(network, train)[0], weights)
    factor = _clipping(gradients, settings.clip)
    moved = [
        weight.detach() - settings.rate * (factor * gradient + settings.decay * weight.detach())
        for weight, gradient in zip(weights, gradients, strict=True)
    ]
    unrolled = network.new()
    names = [name for name, _ in network.named_parameters()]
    unrolled.load_state_dict(network.state_dict() | dict(zip(names, moved, strict=True)))
    loss_of(unrolled, held_out)[0].backward()  # type: ignore[no-untyped-call]
    direct = unrolled.alpha.grad
    assert direct is not None
    vector = [weight.grad for weight in unrolled.parameters() if weight.grad is not None]
    shorter = _clipping(vector, settings.clip)
    clipped = [shorter * along for along in vector]
    (product,) = hessian_product(
        weights, clipped, [network.alpha], lambda: loss_of(network, train)[0]
    )
    return direct - settings.rate * factor * product


def _clipping(gradients: Sequence[Tensor], clip: float) -> float:
    return min(1.0, clip / (float(joined(gradients).norm()) + 1e-6))
