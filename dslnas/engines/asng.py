"""ASNG-NAS (Akimoto, Shirakawa, Yoshinari, Uchida, Saito, Nishida, ICML 2019, arXiv:1905.08537)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, count

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.natural_gradient import NaturalGradient
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.engines.sampled_engine import SampledEngine
from dslnas.engines.variables import Variables
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.sampled_methods import AsngSettings
from dslnas.state import Stateful


class Asng(SampledEngine):
    """Search by the natural gradient of the expected loss in the probabilities of choices.

    1. Weights train by the mean loss of some architectures that are drawn by the probabilities.
    2. The losses of as many new ones on the architecture data move the probabilities.

    The choices are which edges of a node stay, one variable, and the operation of every edge. An
    architecture tells nothing of the operations of edges that it has not.
    """

    def __init__(
        self,
        supernet: Supernet,
        settings: AsngSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start the search with all choices alike likely; `generator` (CPU) draws."""
        super().__init__(supernet, settings, generator, constraints)
        self._samples = settings.samples
        self._variables = Variables(supernet.tables)
        categories = self._variables.categories
        self._chance = NaturalGradient(categories, settings.signal, settings.delta)

    def _draw(self) -> Choice:
        return self.kept(lambda: self._variables.choice(self._chance.sample(self._generator)))

    def draws(self) -> Sequence[Choice]:
        """Draw by the probabilities."""
        return [self._draw() for _ in range(self._samples)]

    def learn(self, batch: Batch) -> Tensor:
        """Move the probabilities towards the better ones of new architectures."""
        choices = self.draws()
        losses = self.losses(choices, batch)
        self._chance.update([self._variables.values(choice) for choice in choices], losses)
        return torch.tensor(losses).mean()

    def best(self) -> Choice:
        """Return the most probable value of every choice, or else a draw within the limits."""
        generator = torch.Generator().manual_seed(0)
        draws = (self._chance.sample(generator) for _ in count())
        proposed = map(self._variables.choice, chain([self._chance.likeliest()], draws))
        return self.kept(lambda: next(proposed))

    def alphas(self) -> Mapping[str, Tensor]:
        """Return how probable it is that an edge stays with an operation."""
        return self._variables.weights(self._chance.theta.tolist())

    def knowledge(self) -> dict[str, Stateful]:
        """Return the probabilities and the length of the next step."""
        return {"chance": self._chance}
