"""NASP: NAS via proximal iterations (Yao, Xu, Tu, Zhu, AAAI 2020, arXiv:1905.13577)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.engines.discretise import nearest, one_hot
from dslnas.engines.engine import Batch, Progress, StepReport
from dslnas.engines.optimisers import AlphaOptimiser, WeightOptimiser
from dslnas.engines.relaxation import gradients_of, rows_of
from dslnas.settings.sections import NaspSettings
from dslnas.space.derive import Scores

INITIAL = 0.5


class Nasp:
    """Proximal search: A is continuous in C2 = [0, 1], what runs is discrete, in C1 (algorithm 2).

    1. A' = prox_C1(A): one operation per edge, `keep` edges per node.
    2. A <- prox_C2(A - eta_alpha * grad_A' L_val(w, A')): the gradient is taken at A', the step is
       applied to A, and prox_C2 clips to [0, 1].
    3. A' = prox_C1(A), then w <- w - eta_w * grad_w L_train(w, A').

    In step 2 an operation that is not chosen has weight 0, so it changes nothing downstream; its
    entry of the gradient is the inner product of dL/dnode with its output. It therefore runs
    forward only. In step 3 it does not run at all. There is no softmax.
    """

    def __init__(
        self, supernet: Supernet, settings: NaspSettings, generator: torch.Generator
    ) -> None:
        """Start the search from A = 0.5 everywhere; `generator` is not needed."""
        self._supernet = supernet
        self._continuous: dict[str, Tensor] = {
            cell: torch.full(
                (len(table.rows), table.width), INITIAL,
                device=supernet.device, dtype=supernet.dtype,
            )
            for cell, table in supernet.tables.items()
        }  # fmt: skip
        self._alpha = AlphaOptimiser(
            list(self._continuous.values()), settings.arch, settings.epochs
        )
        self._weights = WeightOptimiser(supernet.weights(), settings.weights, settings.epochs)

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rates of an epoch."""
        self._alpha.start_epoch(epoch)
        self._weights.start_epoch(epoch)

    def step(self, train: Batch, architecture: Batch) -> StepReport:
        """Update A at its discrete image, then the weights of what is chosen."""
        chosen = self._choice()
        discrete = {
            cell: one_hot(self._supernet.tables[cell], choice)
            .to(self._supernet.device, self._supernet.dtype)
            .requires_grad_()
            for cell, choice in chosen.items()
        }
        mixing = Mixing(discrete, chosen, observe=True)
        architecture_loss = self._supernet.loss(*architecture, mixing)
        gradients = gradients_of(architecture_loss, list(discrete.values()))
        self._alpha.step(gradients)
        for continuous in self._continuous.values():
            continuous.clamp_(0.0, 1.0)
        train_loss = self._supernet.loss(*train, self.mixing())
        self._weights.descend(train_loss)
        return StepReport(train_loss.detach(), architecture_loss.detach())

    def _choice(self) -> dict[str, tuple[int, ...]]:
        """Return prox_C1(A)."""
        return {
            cell: nearest(self._supernet.tables[cell], rows_of(continuous))
            for cell, continuous in self._continuous.items()
        }

    def mixing(self) -> Mixing:
        """Return the discrete network: only what is chosen runs."""
        return Mixing(None, self._choice())

    def alphas(self) -> Mapping[str, Tensor]:
        """Return the continuous A by cell."""
        return self._continuous

    def finish(self, architecture: Sequence[Batch], progress: Progress) -> Scores:
        """Return A: the derived architecture is its proximal step."""
        return {cell: rows_of(continuous) for cell, continuous in self._continuous.items()}
