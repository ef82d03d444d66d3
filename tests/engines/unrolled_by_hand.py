"""Gradients in alpha after one step of the weights, written down a second time (DARTS, eq. 5 to 8).

Not shared with the engines: the exact one differentiates through the step itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from dslnas.data.batches import Batch
from tests.engines.by_hand import HandSgd
from tests.engines.twin import Twin

OuterLoss = tuple[Tensor, list[Tensor]]
"""A loss at w', and its gradient in every alpha."""

Method = Callable[[Twin, HandSgd, float, Sequence[Tensor], Batch, Sequence[Batch]], list[OuterLoss]]


def exact(
    twin: Twin,
    sgd: HandSgd,
    rate: float,
    alphas: Sequence[Tensor],
    train: Batch,
    outers: Sequence[Batch],
) -> list[OuterLoss]:
    """Return d/d alpha of L(w'(alpha), alpha), by autograd through w'."""
    weights = [w.clone().requires_grad_() for w in twin.weights()]
    train_loss = twin.loss_at(weights, train, twin.softened(alphas))
    inner = torch.autograd.grad(train_loss, weights, create_graph=True, allow_unused=True)
    moved = _moved(weights, sgd.direction(weights, inner), -rate)
    found = []
    for outer in outers:
        with twin.supernet.untracked():
            loss = twin.loss_at(moved, outer, twin.softened(alphas))
        gradients = torch.autograd.grad(loss, alphas, materialize_grads=True, retain_graph=True)
        found.append((loss.detach(), list(gradients)))
    return found


def difference(
    twin: Twin,
    sgd: HandSgd,
    rate: float,
    alphas: Sequence[Tensor],
    train: Batch,
    outers: Sequence[Batch],
) -> list[OuterLoss]:
    """Return grad_alpha L(w', alpha) - rate * (g+ - g-) / (2 eps), as published.

    g+ and g- are gradients of the training loss in alpha at w + eps * v and w - eps * v, where v is
    the gradient of L in w' and eps = 0.01 / |v|.
    """
    weights = [w.clone().requires_grad_() for w in twin.weights()]
    train_loss = twin.loss_at(weights, train, twin.softened(alphas))
    inner = torch.autograd.grad(train_loss, weights, allow_unused=True)
    moved = [w.detach() for w in _moved(weights, sgd.direction(weights, inner), -rate)]
    moved = [w.requires_grad_() for w in moved]
    at_step = []
    for outer in outers:
        with twin.supernet.untracked():
            loss = twin.loss_at(moved, outer, twin.softened(alphas))
        gradients = torch.autograd.grad(loss, [*alphas, *moved], materialize_grads=True)
        at_step.append((loss.detach(), gradients[: len(alphas)], gradients[len(alphas) :]))
    found = []
    for loss, direct, v in at_step:
        eps = 0.01 / sum(float((x * x).sum()) for x in v) ** 0.5
        plus, minus = (
            torch.autograd.grad(
                twin.loss_at(_moved(twin.weights(), v, shift), train, twin.softened(alphas)),
                alphas,
                materialize_grads=True,
            )
            for shift in (eps, -eps)
        )
        rows = zip(direct, plus, minus, strict=True)
        found.append((loss, [d - rate * (p - m) / (2 * eps) for d, p, m in rows]))
    return found


METHODS: dict[str, Method] = {"exact": exact, "difference": difference}


def _moved(
    weights: Sequence[Tensor], direction: Sequence[Tensor | None], distance: float
) -> list[Tensor]:
    """Return weights + distance * direction; those without a direction stay."""
    pairs = zip(weights, direction, strict=True)
    return [w if d is None else w + distance * d for w, d in pairs]
