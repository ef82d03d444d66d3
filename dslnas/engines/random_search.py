"""Random search: architectures drawn at random, each trained alone from scratch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.discretise import one_hot
from dslnas.engines.objectives.accumulation import loss_and_grads_of
from dslnas.engines.optimisers import WeightOptimiser
from dslnas.engines.protocol import Engine, LargestPass, Progress, StepReport
from dslnas.engines.relaxations.softmax import rows_of
from dslnas.engines.resource_constraints import ResourceConstraints, draw
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.search import RandomSearchSettings
from dslnas.space.derive.derive import Scores


class RandomSearch(Engine):
    """The baseline without weight sharing (Li and Talwalkar, UAI 2019, section 3).

    Every few epochs, `each`, an architecture is drawn and trained from the same first weights, at
    the search's size. In its last epoch its loss on the architecture data is taken; the
    architecture with the lowest one is the result.
    """

    largest_pass = LargestPass("kept", alpha=False)
    weight_copies = 1  # the first weights, which every architecture starts from

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
        self._constraints = constraints
        self._supernet = supernet
        self._generator = generator
        self._settings = settings
        self._first = {k: v.clone() for k, v in supernet.network.state_dict().items()}
        self._losses: list[float] = []
        self._best: tuple[float, Choice] | None = None
        self._is_measured = False
        self._begun: set[str] = set()
        self._begin()

    def _begin(self) -> None:
        """Draw an architecture and go back to the first weights."""
        self._current = draw(self._supernet.tables, self._generator, self._constraints)
        self._supernet.network.load_state_dict(self._first)
        self._begun = set()
        weights, each = self._supernet.weights(), self._settings.epochs_each
        self._weights = WeightOptimiser(weights, self._settings.weights, each)

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rate of an epoch; every `each` epochs begin with a new architecture."""
        each = self._settings.epochs_each
        place = epoch % each
        if place == 0 and epoch > 0:
            self._compare()
            self._begin()
        self._is_measured = place == each - 1
        self._weights.start_epoch(place)

    def step(self, train: Batch, architecture: Batch) -> StepReport:
        """Train the weights of the current architecture."""
        held_out = None
        if self._is_measured:
            held_out = self._measured(architecture)
            self._losses.append(float(held_out))
        self._start("train", train)
        weights = self._supernet.weights()
        found = loss_and_grads_of(self._supernet, train, self.mixing(), weights, regularised=True)
        self._weights.step(found.gradients)
        return StepReport(found.loss, held_out)

    def _start(self, stream: str, batch: Batch) -> None:
        """Let a new architecture begin to read: the states it is given are another one's."""
        if stream not in self._begun:
            self._begun.add(stream)
            batch.start = None

    @torch.no_grad()
    def _measured(self, architecture: Batch) -> Tensor:
        """Return a loss of the current architecture that training knows nothing of."""
        self._start("architecture", architecture)
        with self._supernet.untracked(), self._supernet.without_dropout():
            return self._supernet.loss(architecture, self.mixing())

    def _compare(self) -> None:
        """Keep the current architecture if it is the best so far."""
        if self._losses:
            mean = sum(self._losses) / len(self._losses)
            if self._best is None or mean < self._best[0]:
                self._best = mean, self._current
            self._losses = []

    def mixing(self) -> Mixing:
        """Return the architecture that is trained now."""
        return Mixing(None, self._current)

    def alphas(self) -> Mapping[str, Tensor]:
        """Return the best architecture so far, or the current one, as weights of 0 and 1."""
        choice = self._current if self._best is None else self._best[1]
        return {cell: one_hot(self._supernet.tables[cell], c) for cell, c in choice.items()}

    def scores(self) -> Scores:
        """Return the best architecture so far, or the current one, as weights of 0 and 1."""
        return {cell: rows_of(weights) for cell, weights in self.alphas().items()}

    def finish(self, architecture: Sequence[Batch], progress: Progress) -> Scores:
        """Return the best architecture of all."""
        self._compare()
        return self.scores()
