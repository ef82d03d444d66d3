"""Random search: architectures drawn at random, each trained alone from scratch."""

from __future__ import annotations

import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.alone_engine import AloneEngine
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.sampled_methods import RandomSearchSettings


class RandomSearch(AloneEngine):
    """The baseline without weight sharing (Li and Talwalkar, UAI 2019, section 3)."""

    def __init__(
        self,
        supernet: Supernet,
        settings: RandomSearchSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start the search.

        `generator` (CPU) draws the architectures, which keep to `constraints`.
        """
        super().__init__(supernet, settings, generator, constraints)

    def next(self) -> Choice:
        """Draw an architecture."""
        return self.uniform()
