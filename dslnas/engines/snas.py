"""SNAS: stochastic neural architecture search (Xie et al., ICLR 2019, arXiv:1812.09926)."""

from __future__ import annotations

import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.goals import Goals
from dslnas.engines.gumbel import Gumbel
from dslnas.engines.sampled import Sampled
from dslnas.settings.search import SampledSettings


class Snas(Sampled):
    """All operations run, weighed by a random point near a corner of the simplex.

    The paper trains alpha and the weights on one loss, that of the training data: mixed-level with
    lambda = 0, which is the default. Its resource constraint is `require` with a `penalty`.
    """

    def __init__(
        self,
        supernet: Supernet,
        settings: SampledSettings,
        generator: torch.Generator,
        goals: Goals | None = None,
    ) -> None:
        """Start the search; `generator` (CPU) draws the first alpha and all samples."""
        relaxation = Gumbel(supernet, generator, settings.temperature, settings.epochs)
        super().__init__(supernet, settings, relaxation, goals)
