"""BayesNAS: a Bayesian approach (Zhou, Yang, Wang and Pan, ICML 2019, arXiv:1905.04919)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.gradient_engine import GradientEngine
from dslnas.engines.objectives.objectives import MixedLevel, Objective
from dslnas.engines.protocol import Progress, StepReport
from dslnas.engines.relaxations.gates import Gates
from dslnas.engines.relaxations.softmax import rows_of
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.engines.sparse_prior import NOTHING_TOLD, Fisher, group_lasso, joined, updated
from dslnas.graph.graph import edges_of
from dslnas.settings.gradient_methods import BayesnasSettings
from dslnas.space.derive.derive import Scores
from dslnas.state import Stateful, Tensors


class Bayesnas(GradientEngine):
    """Single-level search on gates with a prior that makes them sparse.

    A step of the gates s, of operations and of edges, lowers L_train(w, s) + sparsity *
    sum_g omega_g * |s_g|, and one of the weights w lowers L_train. After an epoch omega and the
    variances gamma have their closed-form update; an operation whose prior has no entropy left then
    goes, and the architecture has the operations of the largest variances. The published program
    makes one such update, after one epoch, and leaves the choice to the reader.

    The diagonal of the Hessian is the Fisher information of a gate, from the gradients of the
    epoch's batches. The program propagates second derivatives layer by layer instead. All cells of
    a kind share their gates, so that a group has one member.
    """

    simultaneous = True

    def __init__(
        self,
        supernet: Supernet,
        settings: BayesnasSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start the search with all gates, variances and weights of the lasso 1."""
        self._gates = Gates(supernet, generator)
        super().__init__(supernet, settings, self._gates, generator, constraints)
        self._strength = settings.sparsity
        self._gamma = {name: torch.ones_like(s) for name, s in self._detached().items()}
        self._omega = {name: torch.ones_like(s) for name, s in self._detached().items()}
        self._posterior = self._joined()
        self._fisher = Fisher(self._detached())
        self._single_level = MixedLevel(
            supernet,
            self._gates,
            self._weights,
            settings.order,
            settings.hessian,
            0.0,
            clipped=settings.clips_ahead,
            with_weights=True,
        )

    def objective(self, epoch: int) -> Objective:
        """Return the single-level gradient."""
        return self._single_level

    def step(self, train: Batch, architecture: Batch) -> StepReport:
        """Update the gates and the weights; in the first `warmup` epochs the weights alone."""
        self._fisher.targets = len(train)
        return super().step(train, architecture)

    def _with_penalties(self, gradients: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Add the gradient of the lasso, after a look at that of the loss."""
        self._fisher.add(gradients[: len(self._gates.alphas)])  # behind them searched weights'
        return super()._with_penalties(gradients)

    def _penalties(self) -> Iterator[Tensor]:
        """Yield the lasso, besides what every method has."""
        yield from super()._penalties()
        lasso = (group_lasso(s[None], self._omega[n]) for n, s in self._gates.alphas.items())
        yield self._strength * torch.stack([*lasso]).sum()

    def end_epoch(self, architecture: Iterator[Batch], progress: Progress) -> Tensor | None:
        """Update omega and the variances, and prune; not in a warm-up."""
        if self._fisher.batches == 0:
            return None
        for name, gates in self._detached().items():
            self._gamma[name], self._omega[name] = updated(
                gates[None], self._gamma[name], self._fisher[name][None], self._strength
            )
        self._posterior = self._joined()
        for cell, gamma in self._posterior.items():
            self._gamma[cell] = gamma.clone()
            self._gates.prune(cell, gamma < NOTHING_TOLD)
        self._fisher = Fisher(self._detached())
        return None

    def _parts(self) -> dict[str, Stateful]:
        """Return besides what every method has the prior, and what this epoch told of it."""
        gamma, omega, posterior = map(Tensors, (self._gamma, self._omega, self._posterior))
        prior = {"gamma": gamma, "omega": omega, "posterior": posterior}
        return {**super()._parts(), **prior, "fisher": self._fisher}

    def _joined(self) -> dict[str, Tensor]:
        """Return the variances of operations as their edges allow them, by cell."""
        return {
            cell: joined(self._gamma[cell], self._gamma[edges_of(cell)])
            for cell in self._supernet.tables
        }

    def _detached(self) -> Mapping[str, Tensor]:
        return {name: gates.detach() for name, gates in self._gates.alphas.items()}

    def alphas(self) -> Mapping[str, Tensor]:
        """Return the gates of operations by cell."""
        return self._gates.of_operations()

    def scores(self) -> Scores:
        """Return the variances of the operations that are left, and 0 for the others."""
        return {
            cell: rows_of(gamma.masked_fill(~self._gates.exists[cell], 0.0))
            for cell, gamma in self._posterior.items()
        }
