"""A policy of architectures: a controller decides on them, and learns from their losses."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from dslnas.engines.controller import Controller, Decisions
from dslnas.engines.reinforce import Reinforce
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.sampled import ControllerSettings
from dslnas.space.choice_table import ChoiceTable
from dslnas.state import State


class Policy:
    """A controller, its training, and the reward of an architecture.

    With its loss L the reward is `reward` * exp(-L): the geometric mean of the probabilities of
    what is true, or `reward` / perplexity. ENAS' program takes the accuracy for images, which says
    less of a small batch.
    """

    def __init__(
        self,
        tables: Mapping[str, ChoiceTable],
        settings: ControllerSettings,
        generator: torch.Generator,
    ) -> None:
        """Start with a random controller; `generator` (CPU) draws it and its architectures."""
        self._generator = generator
        self._reward = settings.reward
        self._decisions = Decisions(tables)
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
            update=settings.update,
        )

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rate of an epoch, counted from 0."""
        self._reinforce.start_epoch(epoch)

    @torch.no_grad()
    def proposals(self, count: int) -> Iterator[Choice]:
        """Yield architectures of the controller without end, made so many at once."""
        while True:
            decided = self._controller(count, self._decide)
            yield from self._decisions.choices(decided.decisions)

    def _decide(self, logits: Tensor) -> Tensor:
        return torch.multinomial(logits.softmax(1), 1, generator=self._generator)[:, 0]

    def learn(self, choices: Sequence[Choice], losses: Sequence[float]) -> None:
        """Learn from the losses of some architectures that it has proposed since it last did."""
        rewards = [self._reward * math.exp(-loss) for loss in losses]
        self._reinforce.update(self._decisions.decisions(choices), rewards)

    def state(self) -> State:
        """Return the controller with its training."""
        return self._reinforce.state()

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        self._reinforce.take(state)
