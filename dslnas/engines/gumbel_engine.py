"""Base of methods on a sampled relaxation."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.gradient_engine import GradientEngine
from dslnas.engines.objectives.objectives import Bilevel, MixedLevel, Objective
from dslnas.engines.relaxations.gumbel import Gumbel, HardGumbel
from dslnas.engines.relaxations.reinmax import ReinMax
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.settings.gradient_methods import GumbelSettings

SAMPLERS: Mapping[str, type[Gumbel]] = {"gdas": HardGumbel, "reinmax": ReinMax, "snas": Gumbel}


class GumbelEngine(GradientEngine):
    """Search on random mixtures, bilevel or mixed-level; alpha and then the weights.

    Both updates of a step draw their own sample, unless one pass serves both: SNAS goes down one
    loss in all that it learns.
    """

    def __init__(
        self,
        supernet: Supernet,
        settings: GumbelSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start the search; `generator` (CPU) draws the first alpha and all samples."""
        sampler = SAMPLERS[settings.relaxation]
        relaxation = sampler(supernet, generator, settings.temperature, settings.epochs)
        super().__init__(supernet, settings, relaxation, generator, constraints)
        common = (supernet, relaxation, self._weights, settings.order, settings.hessian)
        clipped, watched = settings.clips_ahead, settings.freeze is not None
        self.simultaneous = settings.is_simultaneous
        self._objective: Objective = (
            Bilevel(*common, clipped=clipped, watched=watched)
            if settings.level == "bilevel"
            else MixedLevel(
                *common,
                settings.lambda_,
                clipped=clipped,
                watched=watched,
                with_weights=self.simultaneous,
            )
        )

    def objective(self, epoch: int) -> Objective:
        """Return the level that the settings say."""
        return self._objective
