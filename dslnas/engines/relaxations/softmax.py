"""The continuous relaxation of DARTS: every edge is a softmax over its operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.discretise import derivable
from dslnas.engines.objectives.accumulation import LossAndGrads, accumulate
from dslnas.graph.analysis.plan import Kept
from dslnas.space.derive.derive import Scores
from dslnas.state import State, Stateful, Tensors, number, state_of, take_parts, taken

PRUNED = "pruned"


class Relaxation:
    """Alpha of a supernet, and the softmax that weighs its operations (DARTS, eq. 2).

    Subclasses weigh in another way; some draw random numbers for it.

    Attributes:
        alphas: By cell, (edges, operations), start as deviation * N(0, 1).
        exists: Which entries of an alpha stand for an operation, and one that is not pruned.
        deviation: Standard deviation of the first alphas.
    """

    deviation: ClassVar[float] = 1e-3

    def __init__(self, supernet: Supernet, generator: torch.Generator) -> None:
        """Draw the first alpha from `generator`, a generator on the CPU."""
        self._supernet = supernet
        self.exists: dict[str, Tensor] = {}
        self.alphas: dict[str, Tensor] = {}
        self._is_pruned = False
        self._kept: Kept | None = None
        for cell in supernet.tables:
            self._add(cell, supernet.exists(cell), generator)

    def _add(self, name: str, exists: Tensor, generator: torch.Generator) -> None:
        """Draw an alpha of which some entries exist."""
        self.exists[name] = exists
        noise = torch.randn(exists.shape, generator=generator)
        start = (self.deviation * noise).to(self._supernet.device, self._supernet.dtype)
        self.alphas[name] = start.requires_grad_()

    @property
    def variables(self) -> list[Tensor]:
        """All that is trained of the architecture: alphas, and weights that belong to it."""
        return [*self.alphas.values(), *self._supernet.searched()]

    def start_epoch(self, epoch: int) -> None:
        """Set what depends on the epoch, counted from 0: nothing here."""

    def draw(self) -> None:
        """Draw what is random in the next losses, until it is drawn again: nothing here."""

    def weights(self) -> dict[str, Tensor]:
        """Return the weights of the operations by cell: here their probabilities."""
        return self.probabilities()

    def probabilities(self) -> dict[str, Tensor]:
        """Return softmax(alpha) by cell; entries without an operation are 0."""
        return {cell: self.existing(cell, alpha).softmax(-1) for cell, alpha in self.alphas.items()}

    def typical(self) -> dict[str, Tensor]:
        """Return the weights of a run that stands for all: here the probabilities."""
        return self.probabilities()

    def existing(self, cell: str, alpha: Tensor) -> Tensor:
        """Return alpha with -inf where there is no operation."""
        return alpha.masked_fill(~self.exists[cell], -torch.inf)

    def prune(self, cell: str, weak: Tensor) -> None:
        """Take operations away for good: they have no weight and no gradient, and do not run.

        The strongest that a derived cell may have stays on every edge. `weak` says of every entry
        whether it goes, (edges, operations). Operations of recurrent cells run together, so that
        none takes time of its own: there they run on, with a weight of 0.
        """
        with torch.no_grad():
            strength = self.probabilities()[cell]
        strength = strength.masked_fill(~self.exists[cell], -1.0)
        strength = strength.masked_fill(derivable(self._supernet.tables[cell], strength) == 0, -1.0)
        strongest = torch.zeros_like(weak).scatter(-1, strength.argmax(-1, keepdim=True), True)
        self.exists[cell] = self.exists[cell] & (~weak | strongest)
        self._set_pruned(is_pruned=True)

    def _set_pruned(self, *, is_pruned: bool) -> None:
        """Say by name which operations run once some may be gone, and before that nothing."""
        self._is_pruned, self._kept = is_pruned, None
        if is_pruned and not self._supernet.network.graph.is_sequence:
            self._kept = {c: columns_of(self.exists[c]) for c in self._supernet.tables}

    def prune_to(self, share: float) -> None:
        """Prune the weakest operations of every edge: of those that are left a share stays.

        Their number is rounded up, and the strongest that a derived cell may have is among them.
        """
        with torch.no_grad():
            probabilities = self.probabilities()
        for cell, p in probabilities.items():
            exists = self.exists[cell]
            staying = (share * exists.sum(-1, keepdim=True).double()).ceil()
            order = p.masked_fill(~exists, -1.0).argsort(dim=-1, descending=True, stable=True)
            self.prune(cell, order.argsort(dim=-1) >= staying)

    def mixture(self, weights: Mapping[str, Tensor]) -> Mixing:
        """Return a mixing of the operations that are not pruned."""
        return Mixing(weights, kept=self._kept)

    def mixing(self) -> Mixing:
        """Return the mixing of a run in which gradients reach alpha."""
        return self.mixture(self.weights())

    def deterministic(self) -> Mixing:
        """Return the mixing that the supernet is measured with: no randomness."""
        return self.mixing()

    def loss(
        self, batch: Batch, *, alpha_gradient: bool = True, regularised: bool = False
    ) -> Tensor:
        """Return the loss of the supernet on a batch, L(w, alpha).

        Without a gradient of alpha it costs less; `regularised` adds what only the weights lower.
        """
        with torch.set_grad_enabled(alpha_gradient):
            mixing = self.mixing()
        return self._supernet.loss(batch, mixing, regularised=regularised)

    def loss_and_grads(
        self,
        batch: Batch,
        variables: Sequence[Tensor],
        *,
        alpha_gradient: bool = True,
        regularised: bool = False,
    ) -> LossAndGrads:
        """Return the loss on a batch and its gradients, run in the parts that the supernet says."""

        def loss_of(part: Batch) -> Tensor:
            return self.loss(part, alpha_gradient=alpha_gradient, regularised=regularised)

        with self._supernet.towards(variables):
            supernet = self._supernet
            return accumulate(loss_of, batch, supernet.accumulate, variables, supernet.ranks)

    def gradients(self, loss: Tensor) -> tuple[Tensor, ...]:
        """Return the gradient of a loss in `variables`; nothing is added to the weights'."""
        return gradients_of(loss, self.variables)

    def scores(self) -> Scores:
        """Return softmax(alpha) as numbers."""
        with torch.no_grad():
            return {cell: rows_of(p) for cell, p in self.probabilities().items()}

    def _parts(self) -> dict[str, Stateful]:
        """Return what changes, by name."""
        return {"alphas": Tensors(self.alphas), "exists": Tensors(self.exists)}

    def state(self) -> State:
        """Return alpha, the operations that are left, and what was drawn last."""
        return {PRUNED: number(self._is_pruned), **state_of(self._parts())}

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state; alphas stay the same tensors."""
        is_pruned = bool(taken(state, PRUNED, number(False)))
        take_parts(self._parts(), state, besides=[PRUNED])
        self._set_pruned(is_pruned=is_pruned)


def gradients_of(loss: Tensor, alphas: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return the gradient of a loss in every alpha, and nowhere else.

    It is zero for the alpha of a cell that nothing reads: the next cell may skip it, always or as
    its edges are chosen now.
    """
    return torch.autograd.grad(loss, alphas, materialize_grads=True)


def columns_of(exists: Tensor) -> tuple[tuple[int, ...], ...]:
    """Return of every row the columns in which it is true."""
    return tuple(tuple(i for i, here in enumerate(row) if here) for row in exists.tolist())


def rows_of(matrix: Tensor) -> Sequence[Sequence[float]]:
    """Return a matrix as lists of numbers, exactly."""
    rows: list[list[float]] = matrix.detach().double().cpu().tolist()
    return rows
