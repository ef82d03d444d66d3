"""MiLeNAS: mixed-level reformulation (He, Ye, Shen, Zhang, CVPR 2020, arXiv:2003.12238)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.engines.engine import Batch, StepReport
from dslnas.engines.optimisers import AlphaOptimiser, WeightOptimiser
from dslnas.engines.relaxation import Relaxation
from dslnas.settings.sections import MilenasSettings
from dslnas.space.derive import Scores


class Milenas:
    """Mixed-level search, first order, both updates at once.

    min over alpha and w of L_train(w*(alpha), alpha) + lambda * L_val(w*(alpha), alpha):
    w <- w - eta_w * grad_w L_train(w, alpha) and
    alpha <- alpha - eta_alpha * (grad_alpha L_train(w, alpha) + lambda * grad_alpha L_val(w, alpha))
    with all gradients at the same (w, alpha). So one backward pass over the training batch gives
    both of its gradients. L_val is the loss on the architecture data.
    """

    def __init__(
        self, supernet: Supernet, settings: MilenasSettings, generator: torch.Generator
    ) -> None:
        """Start the search; `generator` (CPU) draws the first alpha."""
        self._lambda = settings.lambda_
        self._relaxation = Relaxation(supernet, generator)
        self._alpha = AlphaOptimiser(
            list(self._relaxation.alphas.values()), settings.arch, settings.epochs
        )
        self._weights = WeightOptimiser(supernet.weights(), settings.weights, settings.epochs)

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rates of an epoch."""
        self._alpha.start_epoch(epoch)
        self._weights.start_epoch(epoch)

    def step(self, train: Batch, architecture: Batch) -> StepReport:
        """Update alpha and the weights from gradients at the same point."""
        alphas = self._relaxation.alphas
        architecture_loss = self._relaxation.loss(architecture)
        on_architecture = self._relaxation.gradients(architecture_loss)
        self._weights.clear()
        for alpha in alphas.values():
            alpha.grad = None
        train_loss = self._relaxation.loss(train)
        train_loss.backward()  # type: ignore[no-untyped-call]
        gradients = [
            on_train + self._lambda * on_val
            for on_train, on_val in zip(map(_gradient, alphas.values()), on_architecture, strict=True)
        ]
        self._weights.step()
        self._alpha.step(gradients)
        return StepReport(train_loss.detach(), architecture_loss.detach())

    def mixing(self) -> Mixing:
        """Return the softmax mixture."""
        return self._relaxation.mixing()

    def alphas(self) -> Mapping[str, Tensor]:
        """Return alpha by cell."""
        return self._relaxation.alphas

    def finish(self, architecture: Sequence[Batch]) -> Scores:
        """Return softmax(alpha)."""
        return self._relaxation.scores()


def _gradient(alpha: Tensor) -> Tensor:
    assert alpha.grad is not None
    return alpha.grad
