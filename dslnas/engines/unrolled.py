"""Second order: gradients in alpha at weights that have taken one step (DARTS, section 2.3).

w' = w - xi * (mu * b + grad_w L_train(w, alpha) + weight_decay * w), xi the learning rate, mu the
momentum and b its buffers; unlike the step that is taken later, w' is not clipped. By the chain
rule the gradient in alpha of an outer loss X at (w'(alpha), alpha) is

    grad_alpha X(w', alpha) - xi * H v,   v = grad_w' X(w', alpha),

H v = grad_alpha (grad_w L_train(w, alpha) . v). The mixed second derivative H is never made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.engine import Batch
from dslnas.engines.optimisers import WeightOptimiser
from dslnas.engines.relaxation import Relaxation

SHIFT = 0.01
"""The weights are shifted by this distance to both sides, as published: eps = 0.01 / ||v||."""

Hessian: TypeAlias = Literal["difference", "exact"]
Gradients: TypeAlias = Sequence[Tensor | None]


@dataclass(frozen=True)
class WeightStep:
    """L_train(w, alpha) and its gradient in w, for those who want to step along it."""

    loss: Tensor
    gradients: Gradients


@dataclass(frozen=True)
class Outer:
    """An outer loss, and its whole gradient in every alpha."""

    loss: Tensor
    gradients: tuple[Tensor, ...]


@dataclass(frozen=True)
class Unrolled:
    """One outer loss for every outer batch, and the training batch's step at w if it is known."""

    outers: tuple[Outer, ...]
    weights: WeightStep | None


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


def unroll(
    supernet: Supernet,
    relaxation: Relaxation,
    optimiser: WeightOptimiser,
    train: Batch,
    outers: Sequence[Batch],
    hessian: Hessian = "difference",
) -> Unrolled:
    """Return the gradients in alpha of the losses on `outers` after one step on `train`.

    The weights are moved in place and come back bit by bit; there is one more copy of them while
    this runs, and none of the network. The pass at w' leaves the running statistics alone, the
    passes over the training batch move them, as in the published program.

    Args:
        supernet: In training mode.
        relaxation: Alpha, and the loss as a function of it.
        optimiser: Tells how w' is made; takes no step.
        train: Trains the weights.
        outers: The batches whose losses are unrolled.
        hessian: H v by central differences of the gradient in alpha (DARTS, eq. 8), or by
            differentiating twice.
    """
    weights = supernet.weights()
    is_exact = hessian == "exact"
    train_loss = relaxation.loss(train, alpha_gradient=is_exact)
    inner = torch.autograd.grad(train_loss, weights, allow_unused=True, create_graph=is_exact)
    gradients = [None if g is None else g.detach() for g in inner]
    with _movable(weights) as move:
        move(optimiser.direction(gradients), -optimiser.rate)
        at_step = [_at(supernet, relaxation, weights, batch) for batch in outers]
        results = []
        for number, (loss, direct, vector) in enumerate(at_step, 1):
            if is_exact:
                move(vector, 0.0)
                product = _exact(inner, vector, relaxation, keep=number < len(at_step))
            else:
                product = _difference(move, relaxation, train, vector)
            pairs = zip(direct, product, strict=True)
            results.append(Outer(loss, tuple(d - optimiser.rate * h for d, h in pairs)))
    return Unrolled(tuple(results), WeightStep(train_loss.detach(), gradients))


def _at(
    supernet: Supernet, relaxation: Relaxation, weights: Sequence[nn.Parameter], batch: Batch
) -> tuple[Tensor, tuple[Tensor, ...], Gradients]:
    """Return a loss and its gradients in alpha and in the weights, by one backward pass."""
    alphas = list(relaxation.alphas.values())
    with supernet.untracked():
        loss = relaxation.loss(batch)
    both = torch.autograd.grad(loss, [*alphas, *weights], allow_unused=True)
    return loss.detach(), filled(both[: len(alphas)], alphas), both[len(alphas) :]


def filled(gradients: Gradients, alphas: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return gradients with zeros for the alphas that a loss does not depend on."""
    pairs = zip(gradients, alphas, strict=True)
    return tuple(torch.zeros_like(alpha) if g is None else g for g, alpha in pairs)


def _difference(
    move: Move, relaxation: Relaxation, train: Batch, vector: Gradients
) -> tuple[Tensor, ...]:
    """Return (grad_alpha L_train(w + eps * v) - grad_alpha L_train(w - eps * v)) / (2 * eps)."""
    norm = float(torch.stack([v.norm() for v in vector if v is not None]).norm())
    if norm == 0.0:
        return tuple(torch.zeros_like(alpha) for alpha in relaxation.alphas.values())
    eps = SHIFT / norm
    move(vector, eps)
    plus = relaxation.gradients(relaxation.loss(train))
    move(vector, -eps)
    minus = relaxation.gradients(relaxation.loss(train))
    return tuple((p - m) / (2 * eps) for p, m in zip(plus, minus, strict=True))


def _exact(
    inner: Gradients, vector: Gradients, relaxation: Relaxation, *, keep: bool
) -> tuple[Tensor, ...]:
    """Return grad_alpha (grad_w L_train . v) from the graph of the inner gradient."""
    pairs = zip(inner, vector, strict=True)
    products = [(g * v).sum() for g, v in pairs if g is not None and v is not None]
    return torch.autograd.grad(
        torch.stack(products).sum(),
        list(relaxation.alphas.values()),
        materialize_grads=True,
        retain_graph=keep,
    )


@contextmanager
def _movable(weights: Sequence[nn.Parameter]) -> Iterator[Move]:
    """Give what moves the weights, and put them back at the end, whatever happens."""
    move = Move(weights)
    try:
        yield move
    finally:
        move([None] * len(weights), 0.0)
