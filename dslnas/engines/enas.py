"""ENAS (Pham, Guan, Zoph, Le, Dean, ICML 2018, arXiv:1802.03268)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.choices import Choices
from dslnas.engines.controller import Controller, Decisions
from dslnas.engines.reinforce import Reinforce
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.engines.sampled_engine import SampledEngine, mean_weights
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.search import EnasSettings
from dslnas.state import Stateful


class Enas(SampledEngine):
    """An LSTM decides on architectures, and learns by REINFORCE from how good they are.

    Weights train on an architecture of the controller per batch. After each epoch come `updates` of
    the controller, each by `samples` architectures and their losses L on a batch of the
    architecture data. Their reward is `reward` * exp(-L): the geometric mean of the probabilities
    of what is true, or `reward` / perplexity. The program takes the accuracy for images, which says
    less of a small batch. Then `candidates` of the controller are judged on one batch; the best one
    is what would be derived.
    """

    def __init__(
        self,
        supernet: Supernet,
        settings: EnasSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start with a random controller; `generator` (CPU) draws it and its architectures."""
        super().__init__(supernet, settings, generator, constraints)
        self._settings = settings
        self._decisions = Decisions(supernet.tables)
        self._controller = Controller(
            self._decisions.plans,
            len(self._decisions.operations),
            settings.units,
            generator,
            tanh=settings.tanh,
            temperature=settings.temperature,
        )
        self._reinforce = Reinforce(
            self._controller,
            settings.arch,
            settings.epochs,
            decay=settings.decay,
            entropy=settings.entropy,
        )
        self._judged = Choices(supernet.tables, self._drawn(1))

    def _set_epoch(self, epoch: int) -> None:
        """Set the learning rates."""
        super()._set_epoch(epoch)
        self._reinforce.start_epoch(epoch)

    def draws(self) -> Sequence[Choice]:
        """Let the controller decide on one."""
        return self._drawn(1)

    def learn_between(self, batches: Iterator[Batch]) -> Tensor:
        """Train the controller, then judge some of its architectures."""
        means = []
        for _ in range(self._settings.updates):
            choices = self._drawn(self._settings.samples)
            losses = self.losses(choices, next(batches))
            means.append(torch.tensor(losses).mean())
            if not means[-1].isfinite():  # the search ends here, and says so
                return means[-1]
            rewards = [self._settings.reward * math.exp(-loss) for loss in losses]
            self._reinforce.update(self._decisions.decisions(choices), rewards)
        choices = self._drawn(self._settings.candidates)
        losses = self.losses(choices, next(batches))
        order = sorted(range(len(choices)), key=losses.__getitem__)
        self._judged.all = [choices[number] for number in order]
        return torch.stack(means).mean()

    def _drawn(self, count: int) -> list[Choice]:
        """Return so many architectures of the controller, which keep to the constraints."""
        proposals = self._proposals(count)
        return [self.kept(lambda: next(proposals)) for _ in range(count)]

    @torch.no_grad()
    def _proposals(self, count: int) -> Iterator[Choice]:
        """Yield architectures of the controller without end, made so many at once."""
        while True:
            decided = self._controller(count, self._decide)
            yield from self._decisions.choices(decided.decisions)

    def _decide(self, logits: Tensor) -> Tensor:
        return torch.multinomial(logits.softmax(1), 1, generator=self._generator)[:, 0]

    def best(self) -> Choice:
        """Return the best of those that were judged last."""
        return self._judged.all[0]

    def candidates(self) -> Sequence[Choice]:
        """Let the controller decide on some more, beside those that were judged last."""
        return [*self._judged.all, *self._drawn(self._settings.candidates)]

    def alphas(self) -> Mapping[str, Tensor]:
        """Return which share of those that were judged last has an edge with an operation."""
        return mean_weights(self._supernet, self._judged.all)

    def knowledge(self) -> dict[str, Stateful]:
        """Return the controller with its training, and what was judged last, the best first."""
        return {"controller": self._reinforce, "judged": self._judged}
