"""DARTS: Differentiable Architecture Search (Liu, Simonyan, Yang, ICLR 2019, arXiv:1806.09055)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.engines.engine import Batch, StepReport
from dslnas.engines.optimisers import AlphaOptimiser, WeightOptimiser
from dslnas.engines.relaxation import Relaxation
from dslnas.settings.sections import DartsSettings
from dslnas.space.derive import Scores


class Darts:
    """Bilevel search, first order (section 2.3 with xi = 0).

    min over alpha of L_val(w*(alpha), alpha), w*(alpha) = argmin over w of L_train(w, alpha), by
    steps in turn: alpha along grad_alpha L_val(w, alpha), then w along grad_w L_train(w, alpha) at
    the new alpha. L_val is the loss on the architecture data.
    """

    def __init__(
        self, supernet: Supernet, settings: DartsSettings, generator: torch.Generator
    ) -> None:
        """Start the search; `generator` (CPU) draws the first alpha."""
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
        """Update alpha, then the weights."""
        architecture_loss = self._relaxation.loss(architecture)
        self._alpha.step(self._relaxation.gradients(architecture_loss))
        train_loss = self._relaxation.loss(train, alpha_gradient=False)
        self._weights.descend(train_loss)
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
