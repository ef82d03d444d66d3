"""GDAS: a robust architecture in four GPU hours (Dong and Yang, CVPR 2019, arXiv:1910.04465)."""

from __future__ import annotations

import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.goals import Goals
from dslnas.engines.gumbel import HardGumbel
from dslnas.engines.sampled import Sampled
from dslnas.settings.search import SampledSettings


class Gdas(Sampled):
    """One operation per edge runs, drawn anew for every pass; alpha learns through the sample.

    The paper is bilevel; `level mixed` is MiLeNAS on the same samples (its section 4.5).
    """

    def __init__(
        self,
        supernet: Supernet,
        settings: SampledSettings,
        generator: torch.Generator,
        goals: Goals | None = None,
    ) -> None:
        """Start the search; `generator` (CPU) draws the first alpha and all samples."""
        temperature, epochs = settings.temperature, settings.epochs
        relaxation = HardGumbel(supernet, generator, temperature, epochs)
        super().__init__(supernet, settings, relaxation, goals)
