"""The steps of DARTS, first and second order, and of MiLeNAS, as their programs take them.

DARTS: Liu, Simonyan and Yang, ICLR 2019. MiLeNAS: He, Ye, Shen and Zhang, CVPR 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from published.derived import CLIP, optimiser_of
from published.supernet import SearchNetwork

SHIFT = 0.01
"""Length by which a finite difference moves all weights."""


class Batch(NamedTuple):
    """Images with their labels."""

    images: Tensor
    labels: Tensor


def loss_of(network: SearchNetwork, batch: Batch) -> Tensor:
    """Return the cross-entropy."""
    return F.cross_entropy(network(batch.images), batch.labels)


def joined(tensors: Sequence[Tensor]) -> Tensor:
    """Return all numbers of some tensors in one vector."""
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


AlphaGradient = Callable[["Search", Batch, Batch], Sequence[Tensor]]
"""Gradient in alpha of a step, from the batch of the weights and the one held out."""


class Search:
    """A search: alpha on one batch, then the weights on another, at the new alpha."""

    def __init__(self, network: SearchNetwork, gradient: AlphaGradient) -> None:
        self.network = network
        self.gradient = gradient
        self.weights = optimiser_of(network)
        self.arch = torch.optim.Adam(network.alphas, lr=3e-4, betas=(0.5, 0.999), weight_decay=1e-3)

    def step(self, train: Batch, held_out: Batch) -> float:
        """Take a step; return the training loss."""
        gradients = self.gradient(self, train, held_out)
        for alpha, gradient in zip(self.network.alphas, gradients, strict=True):
            alpha.grad = gradient
        self.arch.step()
        self.weights.zero_grad()
        loss = loss_of(self.network, train)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.weights.step()
        return float(loss.detach())


def of_loss(network: SearchNetwork, batch: Batch) -> list[Tensor]:
    """Return the gradient in alpha of the loss on a batch; that in the weights comes along."""
    for alpha in network.alphas:
        alpha.grad = None
    loss_of(network, batch).backward()  # type: ignore[no-untyped-call]
    return [alpha.grad for alpha in network.alphas if alpha.grad is not None]


def first_order(search: Search, train: Batch, held_out: Batch) -> Sequence[Tensor]:
    """Return the gradient of the held-out loss at the weights as they are."""
    return of_loss(search.network, held_out)


def mixed_level(search: Search, train: Batch, held_out: Batch) -> Sequence[Tensor]:
    """Return the sum of the gradients on both batches, MiLeNAS' of first order."""
    both = of_loss(search.network, train), of_loss(search.network, held_out)
    return [own + other for own, other in zip(*both, strict=True)]


def second_order(search: Search, train: Batch, held_out: Batch) -> Sequence[Tensor]:
    """Return the gradient of the held-out loss after a step of the weights on the other batch.

    A network of its own takes that step. How the step depends on alpha is a product with the
    Hessian, by a finite difference.
    """
    unrolled = _after_step(search, train)
    loss_of(unrolled, held_out).backward()  # type: ignore[no-untyped-call]
    direct = [alpha.grad for alpha in unrolled.alphas if alpha.grad is not None]
    vector = [weight.grad for weight in unrolled.parameters() if weight.grad is not None]
    network = search.network
    weights = list(network.parameters())
    product = hessian_product(weights, vector, network.alphas, lambda: loss_of(network, train))
    rate = _group(search)["lr"]
    return [own - rate * other for own, other in zip(direct, product, strict=True)]


def _group(search: Search) -> dict[str, float]:
    group: dict[str, float] = search.weights.param_groups[0]
    return group


def _after_step(search: Search, batch: Batch) -> SearchNetwork:
    """Return a new network with the weights as a step would leave them, not clipped."""
    network, group = search.network, _group(search)
    weights = list(network.parameters())
    gradient = joined(torch.autograd.grad(loss_of(network, batch), weights))
    theta = joined(weights).detach()
    buffers = [search.weights.state[weight].get("momentum_buffer") for weight in weights]
    step = gradient + group["weight_decay"] * theta
    if buffers[0] is not None:
        step = step + group["momentum"] * joined(buffers)
    moved = theta - group["lr"] * step
    state, first = network.state_dict(), 0
    for name, weight in network.named_parameters():
        state[name] = moved[first : first + weight.numel()].view(weight.shape)
        first += weight.numel()
    unrolled = network.new()
    unrolled.load_state_dict(state)
    return unrolled


def hessian_product(
    weights: Sequence[Tensor],
    vector: Sequence[Tensor],
    alphas: Sequence[Tensor],
    loss: Callable[[], Tensor],
) -> list[Tensor]:
    """Return the change of a loss's gradient in alpha along a vector of weights, per length."""
    length = SHIFT / joined(vector).norm()

    def move(factor: float) -> None:
        with torch.no_grad():
            for weight, along in zip(weights, vector, strict=True):
                weight.add_(factor * length * along)

    move(1.0)
    ahead = torch.autograd.grad(loss(), alphas)
    move(-2.0)
    behind = torch.autograd.grad(loss(), alphas)
    move(1.0)
    return [(p - n) / (2 * length) for p, n in zip(ahead, behind, strict=True)]
