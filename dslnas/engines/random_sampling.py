"""Random sampling with weight sharing (Li and Talwalkar, UAI 2019, arXiv:1902.07638)."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.choices import Choices
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.engines.sampled_engine import SampledEngine
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.sampled_methods import RandomSettings
from dslnas.state import Stateful


class RandomSampling(SampledEngine):
    """The baseline: the shared weights train on a new uniform architecture per batch.

    At the end `samples` architectures are drawn and compared with the shared weights; the best one
    is the result.
    """

    def __init__(
        self,
        supernet: Supernet,
        settings: RandomSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start the search.

        `generator` (CPU) draws the architectures, which keep to `constraints`.
        """
        super().__init__(supernet, settings, generator, constraints)
        self._samples = settings.samples
        self._last = Choices(supernet.tables, [self.uniform()])

    def draws(self) -> Sequence[Choice]:
        """Draw a new architecture."""
        self._last.all = [self.uniform()]
        return self._last.all

    def best(self) -> Choice:
        """Return the architecture that was drawn last: none is more promising."""
        return self._last.all[0]

    def candidates(self) -> Sequence[Choice]:
        """Draw the architectures to compare."""
        return [self.uniform() for _ in range(self._samples)]

    def knowledge(self) -> dict[str, Stateful]:
        """Return the architecture that was drawn last."""
        return {"last": self._last}
