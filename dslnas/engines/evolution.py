"""Regularised evolution (Real, Aggarwal, Huang, Le, AAAI 2019, arXiv:1802.01548)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.choices import Choices
from dslnas.engines.mutation import mutated, pick
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.engines.sampled_engine import SampledEngine, mean_weights
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.search import EvolutionSettings
from dslnas.state import Stateful


class Evolution(SampledEngine):
    """Evolution by age, on shared weights: each epoch the weights train, then the population lives.

    Weights train on a new uniform architecture per batch. Then the population, random at first, is
    judged anew by its loss on one batch of the architecture data. In each of `cycles` a sample of
    it is drawn with replacement; its best member has a child, mutated, which is judged on the same
    batch; the oldest member dies. The paper trains every child from scratch instead.
    """

    def __init__(
        self,
        supernet: Supernet,
        settings: EvolutionSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start with a random population; `generator` (CPU) draws."""
        super().__init__(supernet, settings, generator, constraints)
        self._settings = settings
        tables, count = supernet.tables, settings.population
        self._members = Choices(tables, [self.uniform() for _ in range(count)])
        self._best = Choices(tables, self._members.all[:1])

    def learn_between(self, batches: Iterator[Batch]) -> Tensor:
        """Let the population live for some cycles."""
        batch, members = next(batches), self._members.all
        losses = deque(self.losses(members, batch))
        for _ in range(self._settings.cycles):
            child = self._child(losses)
            members.append(child)
            losses.extend(self.losses([child], batch))
            members.pop(0)
            losses.popleft()
        self._best.all = [members[min(range(len(losses)), key=losses.__getitem__)]]
        return torch.tensor(losses).mean()

    def _child(self, losses: Sequence[float]) -> Choice:
        """Return a child of the best of some members."""
        everyone = range(len(losses))
        drawn = [pick(everyone, self._generator) for _ in range(self._settings.tournament)]
        parent = self._members.all[min(drawn, key=losses.__getitem__)]
        return self.kept(lambda: mutated(self._supernet.tables, parent, self._generator))

    def best(self) -> Choice:
        """Return the member with the lowest loss, when it was judged last."""
        return self._best.all[0]

    def candidates(self) -> Sequence[Choice]:
        """Return the members, each kind once."""
        return list({tuple(c.items()): c for c in self._members.all}.values())

    def alphas(self) -> Mapping[str, Tensor]:
        """Return which share of the population has an edge with an operation."""
        return mean_weights(self._supernet, self._members.all)

    def knowledge(self) -> dict[str, Stateful]:
        """Return the population, the oldest member first, and its best member."""
        return {"members": self._members, "best": self._best}
