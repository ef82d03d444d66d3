"""Base of methods on a sampled relaxation."""

from __future__ import annotations

import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.gradient_engine import GradientEngine
from dslnas.engines.objectives.objectives import Bilevel, MixedLevel, Objective
from dslnas.engines.relaxations.gumbel import Gumbel
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.settings.search import GumbelSettings


class GumbelEngine(GradientEngine):
    """Search on random mixtures, bilevel or mixed-level; alpha and then the weights.

    Both updates of a step draw their own sample; a method says how, by its `relaxation`.
    """

    relaxation: type[Gumbel]

    def __init__(
        self,
        supernet: Supernet,
        settings: GumbelSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start the search; `generator` (CPU) draws the first alpha and all samples."""
        relaxation = self.relaxation(supernet, generator, settings.temperature, settings.epochs)
        super().__init__(supernet, settings, relaxation, constraints)
        common = (supernet, relaxation, self._weights, settings.order, settings.hessian)
        self._objective: Objective = (
            Bilevel(*common, clipped=settings.clips_ahead)
            if settings.level == "bilevel"
            else MixedLevel(*common, settings.lambda_, clipped=settings.clips_ahead)
        )

    def objective(self, epoch: int) -> Objective:
        """Return the level that the settings say."""
        return self._objective
