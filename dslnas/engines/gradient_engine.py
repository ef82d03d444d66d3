"""Base of methods on a continuous relaxation: all but how alpha is weighed and trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.objectives.accumulation import Gradients, loss_and_grads_of
from dslnas.engines.objectives.objectives import Objective
from dslnas.engines.objectives.regularisers import regulariser
from dslnas.engines.operation_stopping import OperationStopping
from dslnas.engines.optimisers import AlphaOptimiser, WeightOptimiser
from dslnas.engines.perturbations import Perturber
from dslnas.engines.protocol import StepReport
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.engines.stored_engine import StoredEngine
from dslnas.settings.gradient import OrderSettings, RelaxSettings
from dslnas.space.derive.derive import Scores
from dslnas.state import Stateful


class GradientEngine(StoredEngine):
    """Base of the methods that weigh operations by a function of alpha.

    A method gives the relaxation and, for every epoch, the level. A step updates alpha and then the
    weights at the new alpha, or both from gradients at the same point.
    """

    simultaneous = False
    """Whether both updates use gradients at the same (w, alpha)."""

    def __init__(
        self,
        supernet: Supernet,
        settings: OrderSettings,
        relaxation: Relaxation,
        generator: torch.Generator,
        constraints: ResourceConstraints | None,
    ) -> None:
        super().__init__(settings)
        self._constraints = constraints
        self._supernet = supernet
        self._relaxation = relaxation
        self._alpha = AlphaOptimiser(relaxation.variables, settings.arch, settings.epochs)
        self._weights = WeightOptimiser(supernet.weights(), settings.weights, settings.epochs)
        self._regulariser = settings.regularise
        self._perturber: Perturber | None = None
        if settings.perturb is not None:
            self._perturber = Perturber(
                supernet, relaxation.exists, settings.perturb, settings.epochs, generator
            )
        self._stopping: OperationStopping | None = None
        if settings.freeze is not None:
            self._stopping = OperationStopping(supernet, settings.freeze)
        self._skip = settings.skip if isinstance(settings, RelaxSettings) else None
        self._stages = settings.prune if isinstance(settings, RelaxSettings) else None
        self._starts, self._is_warm = settings.starts, settings.is_warm
        self._epochs = settings.epochs
        self._warmup = settings.warm_epochs
        self._is_differentiable = settings.is_differentiable

    def objective(self, epoch: int) -> Objective:
        """Return how alpha is trained in an epoch, counted from 0."""
        raise NotImplementedError

    def _parts(self) -> dict[str, Stateful]:
        """Return alpha, how both optimisers have moved, and what is watched."""
        parts: dict[str, Stateful] = {
            "relaxation": self._relaxation,
            "alpha": self._alpha,
            "weights": self._weights,
        }
        return parts if self._stopping is None else {**parts, "stopping": self._stopping}

    def start_epoch(self, epoch: int) -> None:
        """Begin an epoch; a stage begins with pruning, but for the first."""
        if self._stages is not None and epoch in self._starts[1:]:
            self._relaxation.prune_to(self._stages.share)
        super().start_epoch(epoch)

    def _set_epoch(self, epoch: int) -> None:
        """Set the learning rates, and what else depends on the epoch."""
        super()._set_epoch(epoch)
        self._alpha.start_epoch(epoch)
        self._weights.start_epoch(epoch)
        self._relaxation.start_epoch(epoch)
        if self._skip is not None:
            self._supernet.skip = self._skip.factor(epoch, self._epochs)
        if self._perturber is not None:
            self._perturber.start_epoch(epoch)

    def step(self, train: Batch, architecture: Batch) -> StepReport:
        """Update alpha and the weights; in the `warmup` epochs of a stage the weights alone."""
        self._relaxation.draw()
        if self._is_warm(self._epoch):
            return StepReport(self._train(train), None)
        found = self.objective(self._epoch).gradient(train, architecture)
        self._alpha.step(self._with_penalties(found.gradients))
        if self._stopping is not None:
            self._stopping.compare(found.held_out)
        if self.simultaneous and found.weights is not None:
            self._descend(found.weights.gradients)
            return StepReport(found.weights.loss, found.loss)
        self._relaxation.draw()
        return StepReport(self._train(train), found.loss)

    def _with_penalties(self, gradients: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Add the gradients of what is a function of alpha alone."""
        for penalty in self._penalties():
            pairs = zip(gradients, self._relaxation.gradients(penalty), strict=True)
            gradients = tuple(g + h for g, h in pairs)
        return gradients

    def _penalties(self) -> Iterator[Tensor]:
        """Yield the regulariser, and what exceeds the limits on the derived network."""
        relaxation, tables = self._relaxation, self._supernet.tables
        if self._regulariser is not None:
            yield regulariser(self._regulariser, relaxation, tables, self._epoch)
        if self._constraints is not None:
            excess = self._constraints.penalty(tables, relaxation.probabilities())
            if excess is not None:
                yield excess

    def _train(self, train: Batch) -> Tensor:
        weights = self._supernet.weights()
        with torch.no_grad():
            mixing = self._relaxation.mixing()
        if self._perturber is not None:
            mixing = self._perturber(mixing, train)
        found = loss_and_grads_of(self._supernet, train, mixing, weights, regularised=True)
        self._descend(found.gradients)
        return found.loss

    def _descend(self, gradients: Gradients) -> None:
        """Take a step of the weights, of those that have not stopped."""
        if self._stopping is None:
            self._weights.step(gradients)
            return
        self._stopping.keep(self._weights.step(self._stopping.without_stopped(gradients)))

    def probabilities(self) -> Mapping[str, Tensor]:
        """Return softmax(alpha) by cell, without gradients."""
        with torch.no_grad():
            return self._relaxation.probabilities()

    def typical_weights(self) -> Mapping[str, Tensor]:
        """Return the weights that `perturbation` takes away one by one."""
        with torch.no_grad():
            return self._relaxation.typical()

    def architecture_loss(self, batch: Batch) -> Tensor | None:
        """Return the loss as a function of `alphas()`, differentiable twice, if it is one."""
        if not self._is_differentiable:
            return None
        with self._supernet.differentiable_twice():
            return self._relaxation.loss(batch)

    def mixing(self) -> Mixing:
        """Return the mixture without randomness."""
        with torch.no_grad():
            return self._relaxation.deterministic()

    def alphas(self) -> Mapping[str, Tensor]:
        """Return alpha by cell."""
        return self._relaxation.alphas

    @property
    def stopped_operations(self) -> int | None:
        """Number of operations that `freeze` has stopped, if it is asked for."""
        return None if self._stopping is None else self._stopping.count

    def scores(self) -> Scores:
        """Return softmax(alpha)."""
        return self._relaxation.scores()
