"""MiLeNAS: mixed-level reformulation (He, Ye, Shen, Zhang, CVPR 2020, arXiv:2003.12238)."""

from __future__ import annotations

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.engine import Batch, StepReport
from dslnas.engines.relaxed import Relaxed
from dslnas.settings.sections import MilenasSettings


class Milenas(Relaxed):
    """Mixed-level search, first order, both updates at once.

    min over alpha and w of L_train(w*(alpha), alpha) + lambda * L_val(w*(alpha), alpha):
    w <- w - eta_w * grad_w L_train(w, alpha) and
    alpha <- alpha - eta_alpha * grad_alpha (L_train(w, alpha) + lambda * L_val(w, alpha))
    with all gradients at the same (w, alpha). So one backward pass over the training batch gives
    both of its gradients. L_val is the loss on the architecture data, which lambda = 0, the
    single-level method, does not look at.
    """

    def __init__(
        self, supernet: Supernet, settings: MilenasSettings, generator: torch.Generator
    ) -> None:
        """Start the search; `generator` (CPU) draws the first alpha."""
        super().__init__(supernet, settings, generator)
        self._lambda = settings.lambda_

    def step(self, train: Batch, architecture: Batch) -> StepReport:
        """Update alpha and the weights from gradients at the same point."""
        alphas = list(self._relaxation.alphas.values())
        architecture_loss = None
        gradients = [torch.zeros_like(alpha) for alpha in alphas]
        if self._lambda > 0:
            loss = self._relaxation.loss(architecture)
            gradients = [self._lambda * g for g in self._relaxation.gradients(loss)]
            architecture_loss = loss.detach()
        for alpha, gradient in zip(alphas, gradients, strict=True):
            alpha.grad = gradient
        train_loss = self._relaxation.loss(train)
        self._weights.descend(train_loss)  # adds the gradient in alpha
        self._alpha.step([_gradient(alpha) for alpha in alphas])
        return StepReport(train_loss.detach(), architecture_loss)


def _gradient(alpha: Tensor) -> Tensor:
    assert alpha.grad is not None
    return alpha.grad
