"""NASP: NAS via proximal iterations (Yao, Xu, Tu, Zhu, AAAI 2020, arXiv:1905.13577)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.discretise import explore, nearest, one_hot
from dslnas.engines.expected_cost import complexity
from dslnas.engines.objectives.accumulation import filled, loss_and_grads_of
from dslnas.engines.optimisers import AlphaOptimiser, WeightOptimiser
from dslnas.engines.protocol import LargestPass, StepReport
from dslnas.engines.relaxations.softmax import gradients_of, rows_of
from dslnas.engines.resource_constraints import ResourceConstraints, draw
from dslnas.engines.stored_engine import StoredEngine
from dslnas.graph.analysis.costs import CostRows
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.gradient_methods import NaspSettings
from dslnas.space.derive.derive import Scores
from dslnas.state import Stateful, Tensors

INITIAL = 0.5


class Nasp(StoredEngine):
    """Proximal search: A is continuous in C2 = [0, 1], what runs is discrete, in C1 (algorithm 2).

    1. A' = prox_C1(A): one operation per edge, `keep` edges per node.
    2. A <- prox_C2(A - eta_alpha * grad_A' (L_val(w, A') + eta * R(A'))): the gradient is taken at
       A', the step is applied to A, and prox_C2 clips to [0, 1].
    3. A' = prox_C1(A), then w <- w - eta_w * grad_w L_train(w, A').

    In step 2 an operation that is not chosen has weight 0, so it changes nothing downstream; its
    entry of the gradient is the inner product of dL/dnode with its output. It therefore runs
    forward only. In step 3 it does not run at all. There is no softmax.

    R is the complexity, see `dslnas.engines.expected_cost`; eta is `complexity`. With probability
    `epsilon` an edge takes a random operation instead of its largest. A warm-up, when A stands
    still and all its entries are alike, trains the weights of random choices.

    Weights that belong to the architecture take part in step 2, at A', and not in step 3. With
    `box step` A is clipped behind step 3, so that what runs in it is chosen by what is not clipped
    yet (SIF: Yao et al., WWW 2020, arXiv:1906.12091).
    """

    largest_pass = LargestPass("kept", observe=True)

    def __init__(
        self,
        supernet: Supernet,
        settings: NaspSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start the search from A = 0.5 everywhere; `generator` (CPU) draws what is random.

        Without `constraints` there is no penalty and no complexity.
        """
        super().__init__(settings)
        self._constraints = constraints
        self._complexity = settings.complexity
        self._costs: dict[str, CostRows] = {}
        if constraints is not None and settings.complexity > 0:
            cells = settings.cells or tuple(supernet.tables)
            self._costs = {cell: constraints.operation_costs(cell, settings.cost) for cell in cells}
        self._supernet = supernet
        self._generator = generator
        self._ties = generator.initial_seed()
        self._epsilon = settings.epsilon
        self._warmup = settings.warm_epochs
        self._continuous: dict[str, Tensor] = {
            cell: torch.full(
                (len(table.rows), table.width), INITIAL,
                device=supernet.device, dtype=supernet.dtype,
            )
            for cell, table in supernet.tables.items()
        }  # fmt: skip
        self._box = settings.box
        variables = [*self._continuous.values(), *supernet.searched()]
        self._alpha = AlphaOptimiser(variables, settings.arch, settings.epochs)
        self._weights = WeightOptimiser(supernet.weights(), settings.weights, settings.epochs)

    def _parts(self) -> dict[str, Stateful]:
        """Return A, and how both optimisers have moved."""
        continuous = Tensors(self._continuous)
        return {"continuous": continuous, "alpha": self._alpha, "weights": self._weights}

    def _set_epoch(self, epoch: int) -> None:
        """Set the learning rates."""
        super()._set_epoch(epoch)
        self._alpha.start_epoch(epoch)
        self._weights.start_epoch(epoch)

    def step(self, train: Batch, architecture: Batch) -> StepReport:
        """Update A at its discrete image, then the weights of what is chosen."""
        if self._epoch < self._warmup:
            drawn = draw(self._supernet.tables, self._generator, self._constraints)
            return StepReport(self._train(train, drawn), None)
        architecture_loss = self._update(architecture)
        report = StepReport(self._train(train, self._explored()), architecture_loss)
        self._clip()
        return report

    def _clip(self) -> None:
        """Take prox_C2 of A."""
        for continuous in self._continuous.values():
            continuous.clamp_(0.0, 1.0)

    def _update(self, architecture: Batch) -> Tensor:
        """Take a step of A and return the loss that it lowers."""
        chosen = self._explored()
        discrete = {
            cell: one_hot(self._supernet.tables[cell], choice)
            .to(self._supernet.device, self._supernet.dtype)
            .requires_grad_()
            for cell, choice in chosen.items()
        }
        variables = [*discrete.values(), *self._supernet.searched()]
        mixing = Mixing(discrete, chosen, observe=True)
        found = loss_and_grads_of(self._supernet, architecture, mixing, variables)
        gradients = filled(found.gradients, variables)
        cost = self._cost_of(discrete)
        if isinstance(cost, Tensor):
            gradients = tuple(
                g + h for g, h in zip(gradients, gradients_of(cost, variables), strict=True)
            )
        self._alpha.step(gradients)
        if self._box == "alpha":
            self._clip()
        return found.loss

    def _cost_of(self, discrete: Mapping[str, Tensor]) -> Tensor | float:
        """Return eta * R(A') and the penalty of what exceeds the limits."""
        cost: Tensor | float = 0.0
        for cell, costs in self._costs.items():
            cost = cost + self._complexity * complexity(costs, discrete[cell])
        if self._constraints is not None:
            tables = self._supernet.tables
            excess = self._constraints.penalty(tables, discrete, edges_chosen=True)
            cost = cost if excess is None else cost + excess
        return cost

    def _train(self, train: Batch, chosen: Choice) -> Tensor:
        weights = self._supernet.weights()
        found = loss_and_grads_of(
            self._supernet, train, Mixing(None, chosen), weights, regularised=True
        )
        self._weights.step(found.gradients)
        return found.loss

    def _explored(self) -> Choice:
        """Return prox_C1(A) with some operations drawn at random."""
        return {
            cell: explore(self._supernet.tables[cell], choice, self._epsilon, self._generator)
            for cell, choice in self._choice().items()
        }

    def _choice(self) -> dict[str, tuple[int, ...]]:
        """Return prox_C1(A)."""
        return {
            cell: nearest(self._supernet.tables[cell], rows_of(continuous), self._ties)
            for cell, continuous in self._continuous.items()
        }

    def mixing(self) -> Mixing:
        """Return the discrete network: only what is chosen runs."""
        return Mixing(None, self._choice())

    def alphas(self) -> Mapping[str, Tensor]:
        """Return the continuous A by cell."""
        return self._continuous

    def scores(self) -> Scores:
        """Return A: the derived architecture is its proximal step."""
        return {cell: rows_of(continuous) for cell, continuous in self._continuous.items()}

    def break_ties(self, generator: torch.Generator) -> None:
        """Draw A anew, uniformly: at its start the first operation of every edge is chosen."""
        for continuous in self._continuous.values():
            continuous.copy_(torch.rand(continuous.shape, generator=generator))
