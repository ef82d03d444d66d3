"""Random sampling with weight sharing (Li and Talwalkar, UAI 2019, arXiv:1902.07638)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

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
from dslnas.settings.search import RandomSettings
from dslnas.space.derive.derive import Scores

FINALISTS = 10


class RandomSampling(Engine):
    """The baseline: the shared weights train on a new uniform architecture per batch.

    At the end `samples` architectures are drawn and compared by their loss on one batch of the
    architecture data with the shared weights, the best `FINALISTS` of them then on all of it; the
    best one is the result. Batch statistics are those of the batch, since running ones belong to no
    single architecture.
    """

    largest_pass = LargestPass("kept", alpha=False)

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
        self._constraints = constraints
        self._supernet = supernet
        self._generator = generator
        self._samples = settings.samples
        self._weights = WeightOptimiser(supernet.weights(), settings.weights, settings.epochs)
        self._last = self._draw()

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rate of an epoch."""
        self._weights.start_epoch(epoch)

    def step(self, train: Batch, architecture: Batch) -> StepReport:
        """Draw an architecture and train its weights."""
        self._last = self._draw()
        weights = self._supernet.weights()
        found = loss_and_grads_of(self._supernet, train, self.mixing(), weights, regularised=True)
        self._weights.step(found.gradients)
        return StepReport(found.loss, None)

    def _draw(self) -> Choice:
        return draw(self._supernet.tables, self._generator, self._constraints)

    def mixing(self) -> Mixing:
        """Return the architecture that was drawn last."""
        return Mixing(None, self._last)

    def alphas(self) -> Mapping[str, Tensor]:
        """Return the architecture that was drawn last, or found, as weights of 0 and 1."""
        return {
            cell: one_hot(self._supernet.tables[cell], choice)
            for cell, choice in self._last.items()
        }

    def scores(self) -> Scores:
        """Return the architecture that was drawn last, or found, as weights of 0 and 1."""
        return {cell: rows_of(weights) for cell, weights in self.alphas().items()}

    def finish(self, architecture: Sequence[Batch], progress: Progress) -> Scores:
        """Draw and compare; return the best architecture as weights of 0 and 1."""
        draws = [self._draw() for _ in range(self._samples)]
        losses = []
        for number, choice in enumerate(draws, 1):
            losses.append(self._loss(choice, architecture[:1]))
            progress(number, len(draws))
        ranked = sorted(range(len(draws)), key=losses.__getitem__)
        finalists = [draws[place] for place in ranked[:FINALISTS]]
        self._last = min(finalists, key=lambda choice: self._loss(choice, architecture))
        return self.scores()

    @torch.no_grad()
    def _loss(self, choice: Choice, batches: Sequence[Batch]) -> float:
        """Return the mean loss over all targets of consecutive batches."""
        total, count = 0.0, 0
        carried = batches[0].start
        for batch in batches:
            segment = replace(batch, start=carried, end=None)
            total += float(self._supernet.loss(segment, Mixing(None, choice))) * len(batch)
            count += len(batch)
            carried = segment.end
        return total / count
