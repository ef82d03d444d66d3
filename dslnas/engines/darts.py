"""DARTS: Differentiable Architecture Search (Liu, Simonyan, Yang, ICLR 2019, arXiv:1806.09055)."""

from __future__ import annotations

from dslnas.engines.engine import Batch, StepReport
from dslnas.engines.relaxed import Relaxed


class Darts(Relaxed):
    """Bilevel search, first order (section 2.3 with xi = 0).

    min over alpha of L_val(w*(alpha), alpha), w*(alpha) = argmin over w of L_train(w, alpha), by
    steps in turn: alpha along grad_alpha L_val(w, alpha), then w along grad_w L_train(w, alpha) at
    the new alpha. L_val is the loss on the architecture data.
    """

    def step(self, train: Batch, architecture: Batch) -> StepReport:
        """Update alpha, then the weights."""
        architecture_loss = self._relaxation.loss(architecture)
        self._alpha.step(self._relaxation.gradients(architecture_loss))
        train_loss = self._relaxation.loss(train, alpha_gradient=False)
        self._weights.descend(train_loss)
        return StepReport(train_loss.detach(), architecture_loss.detach())
