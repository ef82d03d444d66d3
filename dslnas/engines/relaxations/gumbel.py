"""Sampled relaxations: the Gumbel-softmax of GDAS and SNAS.

p = softmax((alpha + g) / tau), g = -log(-log(u)) with u uniform in (0, 1), is a random point of the
simplex that comes closer to its corners as the temperature tau falls; P(argmax p = o) =
softmax(alpha)_o at any tau (Jang et al., arXiv:1611.01144; Maddison et al., arXiv:1611.00712).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.engines.optimisers import value_at
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.values import Schedule
from dslnas.state import Stateful, Tensors


class Gumbel(Relaxation):
    """Soft samples: every operation runs, weighed by p (SNAS, eq. 6)."""

    def __init__(
        self,
        supernet: Supernet,
        generator: torch.Generator,
        temperature: Schedule,
        epochs: int,
    ) -> None:
        """Start at the first temperature; `generator` (CPU) draws alpha and all samples."""
        super().__init__(supernet, generator)
        self._generator = generator
        self._schedule = temperature
        self._epochs = epochs
        self._noise: dict[str, Tensor] = {}
        self.start_epoch(0)
        self.draw()

    def start_epoch(self, epoch: int) -> None:
        """Set the temperature of an epoch, counted from 0."""
        self.temperature = value_at(self._schedule, epoch, self._epochs)

    def draw(self) -> None:
        """Draw g anew; losses use the same one until the next draw."""
        for cell, alpha in self.alphas.items():
            waiting = torch.empty(alpha.shape, dtype=torch.float64)
            noise = -waiting.exponential_(generator=self._generator).log()
            self._noise[cell] = noise.to(alpha.device, alpha.dtype)

    def weights(self) -> dict[str, Tensor]:
        """Return p by cell; entries without an operation are 0."""
        return {
            cell: (self.existing(cell, alpha + self._noise[cell]) / self.temperature).softmax(-1)
            for cell, alpha in self.alphas.items()
        }

    def deterministic(self) -> Mixing:
        """Return softmax(alpha / tau): a sample without its noise, as sharp as the samples."""
        return self.mixture(
            {
                cell: (self.existing(cell, alpha) / self.temperature).softmax(-1)
                for cell, alpha in self.alphas.items()
            }
        )

    def _parts(self) -> dict[str, Stateful]:
        """Return what changes, by name."""
        return {**super()._parts(), "noise": Tensors(self._noise)}


class HardGumbel(Gumbel):
    """Hard samples: the largest entry of p runs alone, and p takes its gradient (GDAS, eq. 5 to 7).

    The weight of the operation that runs is 1 going forward; going back it is that of p
    (straight-through), so the gradient reaches all of the edge's alpha.
    """

    def mixing(self) -> Mixing:
        """Return the sampled operations and their weights."""
        soft = self.weights()
        chosen = {cell: p.argmax(-1) for cell, p in soft.items()}
        hard = {}
        for cell, p in soft.items():
            sample = functional.one_hot(chosen[cell], p.shape[-1]).to(p.dtype)
            slope = self.surrogate(cell, p, sample)
            # the difference is exactly 0, so the weight that runs is exactly 1
            hard[cell] = sample + (slope - slope.detach())
        return Mixing(hard, _columns(chosen))

    def surrogate(self, cell: str, soft: Tensor, sample: Tensor) -> Tensor:
        """Return what a sample takes the gradient of: p."""
        return soft

    def deterministic(self) -> Mixing:
        """Return the most probable operation of every edge."""
        with torch.no_grad():
            alphas = {cell: self.existing(cell, alpha) for cell, alpha in self.alphas.items()}
        return Mixing(None, _columns({cell: alpha.argmax(-1) for cell, alpha in alphas.items()}))


def _columns(chosen: dict[str, Tensor]) -> Choice:
    return {cell: tuple(columns.tolist()) for cell, columns in chosen.items()}
