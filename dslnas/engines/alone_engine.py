"""Base of methods that train every architecture alone, from scratch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.discretise import one_hot
from dslnas.engines.objectives.accumulation import loss_and_grads_of
from dslnas.engines.optimisers import WeightOptimiser
from dslnas.engines.protocol import LargestPass, Progress, StepReport
from dslnas.engines.relaxations.softmax import rows_of
from dslnas.engines.resource_constraints import ResourceConstraints, draw, draw_from
from dslnas.engines.stored_engine import StoredEngine
from dslnas.engines.trials import ARCHITECTURE, TRAIN, Trials
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.sampled import AloneSettings
from dslnas.space.derive.derive import Scores
from dslnas.state import Stateful


class AloneEngine(StoredEngine):
    """Base of the methods whose architectures share no weights.

    Every few epochs, `each`, the next architecture is trained from the same first weights, at the
    search's size. In its last epoch its loss on the architecture data is taken, which the method is
    told; the architecture with the lowest one is the result.
    """

    largest_pass = LargestPass("kept", alpha=False)
    weight_copies = 1  # the first weights, which every architecture starts from

    def __init__(
        self,
        supernet: Supernet,
        settings: AloneSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None,
    ) -> None:
        """Begin with the first architecture: what the method knows is there before that."""
        super().__init__(settings)
        self._constraints = constraints
        self._supernet = supernet
        self._generator = generator
        self._settings = settings
        self._first = {k: v.clone() for k, v in supernet.network.state_dict().items()}
        self._trials = Trials(supernet.tables)
        self._is_measured = False
        self._begin()

    # ---- what a method gives --------------------------------------------------------------------

    def next(self) -> Choice:
        """Return the architecture to train next."""
        raise NotImplementedError

    def learn(self, choice: Choice, loss: float) -> None:
        """Learn from the loss of an architecture that has been trained; here nothing."""
        return None

    def knowledge(self) -> dict[str, Stateful]:
        """Return the parts that remember what the method has learnt, by name; here none."""
        return {}

    # ---- what it is given -----------------------------------------------------------------------

    def uniform(self) -> Choice:
        """Return a random architecture, all alike likely, that keeps to the constraints."""
        return draw(self._supernet.tables, self._generator, self._constraints)

    def kept(self, propose: Callable[[], Choice]) -> Choice:
        """Return a proposed architecture that is connected and keeps to the constraints."""
        return draw_from(self._supernet.tables, propose, self._constraints)

    # ---- the search -----------------------------------------------------------------------------

    def _begin(self) -> None:
        """Take the next architecture and go back to the first weights."""
        self._trials.begin(self.next())
        self._supernet.network.load_state_dict(self._first)
        weights, each = self._supernet.weights(), self._settings.epochs_each
        self._weights = WeightOptimiser(weights, self._settings.weights, each)

    def start_epoch(self, epoch: int) -> None:
        """Begin an epoch; every `each` epochs begin with a new architecture."""
        if epoch % self._settings.epochs_each == 0 and epoch > 0:
            self._compare()
            self._begin()
        super().start_epoch(epoch)

    def _set_epoch(self, epoch: int) -> None:
        """Set the learning rate, and whether losses are taken."""
        super()._set_epoch(epoch)
        each = self._settings.epochs_each
        self._is_measured = epoch % each == each - 1
        self._weights.start_epoch(epoch % each)

    def _parts(self) -> dict[str, Stateful]:
        """Return what is known and compared, and how the weights have moved.

        The first weights are the seed's.
        """
        return {**self.knowledge(), "trials": self._trials, "weights": self._weights}

    def step(self, train: Batch, architecture: Batch) -> StepReport:
        """Train the weights of the current architecture."""
        held_out = None
        if self._is_measured:
            held_out = self._measured(architecture)
            self._trials.add(float(held_out))
        self._start(TRAIN, train)
        weights = self._supernet.weights()
        found = loss_and_grads_of(self._supernet, train, self.mixing(), weights, regularised=True)
        self._weights.step(found.gradients)
        return StepReport(found.loss, held_out)

    def _start(self, stream: str, batch: Batch) -> None:
        """Let a new architecture begin to read: the states it is given are another one's."""
        if self._trials.begins(stream):
            batch.start = None

    @torch.no_grad()
    def _measured(self, architecture: Batch) -> Tensor:
        """Return a loss of the current architecture that training knows nothing of."""
        self._start(ARCHITECTURE, architecture)
        with self._supernet.untracked(), self._supernet.without_dropout():
            return self._supernet.loss(architecture, self.mixing())

    def _compare(self) -> None:
        """Keep the current architecture if it is the best so far, and tell the method of it."""
        loss = self._trials.compare()
        if loss is not None:
            self.learn(self._trials.current, loss)

    def mixing(self) -> Mixing:
        """Return the architecture that is trained now."""
        return Mixing(None, self._trials.current)

    def alphas(self) -> Mapping[str, Tensor]:
        """Return the best architecture so far, or the current one, as weights of 0 and 1."""
        tables, choice = self._supernet.tables, self._trials.best
        return {cell: one_hot(tables[cell], columns) for cell, columns in choice.items()}

    def scores(self) -> Scores:
        """Return the best architecture so far, or the current one, as weights of 0 and 1."""
        return {cell: rows_of(weights) for cell, weights in self.alphas().items()}

    def finish(self, architecture: Sequence[Batch], progress: Progress) -> Scores:
        """Return the best architecture of all."""
        self._compare()
        return self.scores()
