"""Regularised evolution (Real, Aggarwal, Huang, Le, AAAI 2019, arXiv:1802.01548)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.alone_engine import AloneEngine
from dslnas.engines.population import Population
from dslnas.engines.protocol import Progress, counting
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.engines.sampled_engine import SampledEngine, mean_weights
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.sampled_methods import EvolutionSettings
from dslnas.state import Stateful


class Evolution(SampledEngine):
    """Evolution by age, on shared weights: each epoch the weights train, then the population lives.

    Weights train on a new uniform architecture per batch. Then the population, random at first, is
    judged anew by its loss on one batch of the architecture data. In each of `cycles` a sample of
    it is drawn with replacement; its best member has a child, mutated, which is judged on the same
    batch; the oldest member dies.
    """

    learns_between = True

    def __init__(
        self,
        supernet: Supernet,
        settings: EvolutionSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start with a random population; `generator` (CPU) draws."""
        super().__init__(supernet, settings, generator, constraints)
        self._cycles = settings.cycles
        self._population = Population(supernet.tables, settings.population, settings.tournament)
        while not self._population.is_full:
            self._population.add(self.uniform())

    def learn_between(self, batches: Iterator[Batch], progress: Progress) -> Tensor:
        """Let the population live for some cycles."""
        population, batch = self._population, next(batches)
        after_each = counting(progress, len(population.members) + self._cycles)
        population.judge(self.losses(population.members, batch, after_each))
        for _ in range(self._cycles):
            child = self.kept(population.breed(self._generator))
            population.add(child, *self.losses([child], batch, after_each))
        return population.mean_loss()

    def best(self) -> Choice:
        """Return the member with the lowest loss, when it was judged last."""
        return self._population.best

    def candidates(self) -> Sequence[Choice]:
        """Return the members, each kind once."""
        return list({tuple(c.items()): c for c in self._population.members}.values())

    def alphas(self) -> Mapping[str, Tensor]:
        """Return which share of the population has an edge with an operation."""
        return mean_weights(self._supernet, self._population.members)

    def knowledge(self) -> dict[str, Stateful]:
        """Return the population."""
        return {"population": self._population}


class EvolutionAlone(AloneEngine):
    """Evolution by age as published: every child trains alone, from scratch.

    The first `population` architectures are random. Then a sample of the members is drawn with
    replacement, the best of it has a child, mutated, and when the child is judged the oldest member
    dies. The result is the best architecture of all that were trained.
    """

    def __init__(
        self,
        supernet: Supernet,
        settings: EvolutionSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start without members; `generator` (CPU) draws."""
        self._population = Population(supernet.tables, settings.population, settings.tournament)
        super().__init__(supernet, settings, generator, constraints)

    def next(self) -> Choice:
        """Return a random architecture, or a child once the population is full."""
        if self._population.is_full:
            return self.kept(self._population.breed(self._generator))
        return self.uniform()

    def learn(self, choice: Choice, loss: float) -> None:
        """Let an architecture join the population."""
        self._population.add(choice, loss)

    def knowledge(self) -> dict[str, Stateful]:
        """Return the population."""
        return {"population": self._population}
