"""Base of methods that draw architectures and are told their losses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.choices import Choices
from dslnas.engines.discretise import is_connected, one_hot
from dslnas.engines.objectives.accumulation import Gradients, added, loss_and_grads_of
from dslnas.engines.optimisers import WeightOptimiser, scaled
from dslnas.engines.protocol import LargestPass, Progress, StepReport, counting
from dslnas.engines.relaxations.softmax import rows_of
from dslnas.engines.resource_constraints import (
    ResourceConstraints,
    draw,
    draw_from,
)
from dslnas.engines.stored_engine import StoredEngine
from dslnas.graph.analysis.plan import Choice
from dslnas.ranks import ALONE
from dslnas.settings.search_base import SearchSettings
from dslnas.space.derive.derive import Scores
from dslnas.state import Stateful

FINALISTS = 10


class SampledEngine(StoredEngine):
    """Base of the methods whose architectures share weights, and are judged by loss alone.

    In a step the weights train on architectures that the method draws. It learns from losses of
    architectures on batches of the architecture data: in the step, or between two epochs, when the
    weights stand still. At the end it may name candidates, which are compared. Batch statistics are
    always those of the batch, since running ones belong to no single architecture.
    """

    largest_pass = LargestPass("kept", alpha=False)

    def __init__(
        self,
        supernet: Supernet,
        settings: SearchSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None,
    ) -> None:
        super().__init__(settings)
        self._supernet = supernet
        self._generator = generator
        self._constraints = constraints
        self._warmup = settings.warm_epochs
        self._weights = WeightOptimiser(supernet.weights(), settings.weights, settings.epochs)
        self._found = Choices(supernet.tables)

    # ---- what a method gives --------------------------------------------------------------------

    def draws(self) -> Sequence[Choice]:
        """Draw the architectures whose weights train next: here one, all alike likely."""
        return [self.uniform()]

    def learn(self, batch: Batch) -> Tensor | None:
        """Learn from losses on a batch, in a step; return their mean, or None without any."""
        return None

    def learn_between(self, batches: Iterator[Batch], progress: Progress) -> Tensor | None:
        """Learn from losses on batches, between two epochs; return their mean, or None."""
        return None

    def best(self) -> Choice:
        """Return the most promising architecture now."""
        raise NotImplementedError

    def candidates(self) -> Sequence[Choice]:
        """Return the architectures to compare at the end; here none, so `best` is the result."""
        return []

    def knowledge(self) -> dict[str, Stateful]:
        """Return the parts that remember what the method has learnt, by name."""
        raise NotImplementedError

    # ---- what it is given -----------------------------------------------------------------------

    def uniform(self) -> Choice:
        """Return a random architecture, all alike likely, that keeps to the constraints."""
        return draw(self._supernet.tables, self._generator, self._constraints)

    def kept(self, propose: Callable[[], Choice]) -> Choice:
        """Return a proposed architecture that is connected and keeps to the constraints."""
        return draw_from(self._supernet.tables, propose, self._constraints)

    def allows(self, choice: Choice) -> bool:
        """Whether an architecture is connected and keeps to the constraints."""
        tables, constraints = self._supernet.tables, self._constraints
        if not all(is_connected(tables[cell], columns) for cell, columns in choice.items()):
            return False
        return constraints is None or constraints.allows(tables, choice)

    @torch.no_grad()
    def losses(
        self, choices: Sequence[Choice], batch: Batch, after_each: Callable[[], None] = lambda: None
    ) -> list[float]:
        """Return the losses of some architectures on a batch; nothing trains, and none drops out.

        All start from the states before a segment of text; the last one's are those after it.
        """
        supernet = self._supernet

        def loss_of(choice: Choice) -> float:
            found = float(supernet.loss(batch, Mixing(None, choice)))
            after_each()
            return found

        # the states after a segment are those of the last one, which all ranks need
        ranks = ALONE if supernet.network.graph.is_sequence else supernet.ranks
        with supernet.untracked(), supernet.without_dropout(), supernet.alone():
            return ranks.spread(loss_of, choices)

    # ---- the search -----------------------------------------------------------------------------

    def _parts(self) -> dict[str, Stateful]:
        """Return what the method knows, how the weights have moved, and what was found."""
        return {**self.knowledge(), "weights": self._weights, "found": self._found}

    def _set_epoch(self, epoch: int) -> None:
        """Set the learning rate."""
        super()._set_epoch(epoch)
        self._weights.start_epoch(epoch)

    def step(self, train: Batch, architecture: Batch) -> StepReport:
        """Train the weights of what is drawn, by the mean of its losses, and learn."""
        loss = self._train(train, self.draws())
        return StepReport(loss, None if self._epoch < self._warmup else self.learn(architecture))

    def _train(self, train: Batch, choices: Sequence[Choice]) -> Tensor:
        weights = self._supernet.weights()
        gradients: Gradients | None = None
        losses = []
        for choice in choices:
            mixing = Mixing(None, choice)
            found = loss_and_grads_of(self._supernet, train, mixing, weights, regularised=True)
            gradients = added(gradients, found.gradients)
            losses.append(found.loss)
        assert gradients is not None, "something is drawn"
        self._weights.step(scaled(gradients, 1 / len(choices)))
        return torch.stack(losses).mean()

    def end_epoch(self, architecture: Iterator[Batch], progress: Progress) -> Tensor | None:
        """Learn between two epochs; not in a warm-up."""
        return None if self._epoch < self._warmup else self.learn_between(architecture, progress)

    def mixing(self) -> Mixing:
        """Return the most promising architecture, or the one that was found."""
        return Mixing(None, self._result)

    @property
    def _result(self) -> Choice:
        return self._found.all[0] if self._found.all else self.best()

    def alphas(self) -> Mapping[str, Tensor]:
        """Return the most promising architecture, or the one that was found, as 0 and 1."""
        return as_weights(self._supernet, self._result)

    def scores(self) -> Scores:
        """Return the most promising architecture, or the one that was found, as 0 and 1."""
        weights = as_weights(self._supernet, self._result)
        return {cell: rows_of(of_cell) for cell, of_cell in weights.items()}

    def finish(self, architecture: Sequence[Batch], progress: Progress) -> Scores:
        """Compare the candidates on one batch, the best `FINALISTS` of them then on all batches."""
        choices = self.candidates()
        after_each = counting(progress, len(choices) + min(len(choices), FINALISTS))

        def measured(choice: Choice, batches: Sequence[Batch]) -> float:
            loss = self._loss(choice, batches)
            after_each()
            return loss

        supernet, ranks = self._supernet, self._supernet.ranks
        with supernet.untracked(), supernet.alone():
            losses = ranks.spread(lambda choice: measured(choice, architecture[:1]), choices)
            ranked = sorted(range(len(choices)), key=losses.__getitem__)
            finalists = [choices[place] for place in ranked[:FINALISTS]]
            losses = ranks.spread(lambda choice: measured(choice, architecture), finalists)
        if finalists:
            self._found.all = [finalists[losses.index(min(losses))]]
        return self.scores()

    @torch.no_grad()
    def _loss(self, choice: Choice, batches: Sequence[Batch]) -> float:
        """Return the mean loss over all targets of consecutive batches."""
        total, targets = 0.0, 0
        carried = batches[0].start
        for batch in batches:
            segment = replace(batch, start=carried, end=None)
            total += float(self._supernet.loss(segment, Mixing(None, choice))) * len(batch)
            targets += len(batch)
            carried = segment.end
        return total / targets


def as_weights(supernet: Supernet, choice: Choice) -> dict[str, Tensor]:
    """Return an architecture as weights of 0 and 1 by cell, (edges, operations)."""
    return {cell: one_hot(supernet.tables[cell], columns) for cell, columns in choice.items()}


def mean_weights(supernet: Supernet, choices: Collection[Choice]) -> dict[str, Tensor]:
    """Return which share of some architectures has an edge with an operation."""
    each = [as_weights(supernet, choice) for choice in choices]
    return {cell: torch.stack([one[cell] for one in each]).mean(0) for cell in each[0]}
