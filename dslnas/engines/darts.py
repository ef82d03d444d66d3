"""DARTS: Differentiable Architecture Search (Liu, Simonyan, Yang, ICLR 2019, arXiv:1806.09055)."""

from __future__ import annotations

import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.gradient_engine import GradientEngine
from dslnas.engines.objectives.objectives import Bilevel, Objective
from dslnas.engines.relaxations.catalogue import RELAXATIONS
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.settings.gradient import OrderSettings


class Darts(GradientEngine):
    """Bilevel search, first or second order (section 2.3).

    min over alpha of L_val(w*(alpha), alpha), w*(alpha) = argmin over w of L_train(w, alpha), by
    steps in turn: alpha along the gradient of L_val, then w along grad_w L_train(w, alpha) at the
    new alpha. L_val is the loss on the architecture data. The methods that improve on it have
    other parts: a relaxation, a regulariser of alpha, a perturbation of the
    mixture, a skip connection beside the operations.
    """

    def __init__(
        self,
        supernet: Supernet,
        settings: OrderSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start the search; `generator` (CPU) draws the first architecture parameters."""
        relaxation = self._relaxed(supernet, settings, generator)
        super().__init__(supernet, settings, relaxation, generator, constraints)
        self._bilevel = Bilevel(
            supernet,
            self._relaxation,
            self._weights,
            settings.order,
            settings.hessian,
            clipped=settings.clips_ahead,
            watched=settings.freeze is not None,
        )

    def _relaxed(
        self, supernet: Supernet, settings: OrderSettings, generator: torch.Generator
    ) -> Relaxation:
        """Return how alpha weighs the operations."""
        return RELAXATIONS[settings.relaxation](supernet, generator)

    def objective(self, epoch: int) -> Objective:
        """Return the bilevel gradient."""
        return self._bilevel
