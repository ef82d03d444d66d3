"""DrNAS: Dirichlet neural architecture search (Chen et al., ICLR 2021, arXiv:2006.10355).

The weights of an edge are p ~ Dirichlet(c), c = ELU(alpha) + 1, drawn anew for every step; their
gradient goes through the draw, by implicit differentiation of its distribution function as torch
computes it:

    dp_j / dc_i = G_i * (delta_ij - p_j),   G_i = -(dI/dc_i) / (f(p_i) * (1 - p_i))

where I is the distribution function of p_i, a beta distribution, and f its density.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.engines.relaxations.softmax import Relaxation, rows_of
from dslnas.space.derive.derive import Scores
from dslnas.state import Stateful, Tensors


class Dirichlet(Relaxation):
    """Every operation runs, weighed by a draw from the Dirichlet distribution of its edge."""

    def __init__(self, supernet: Supernet, generator: torch.Generator) -> None:
        """Draw the first alpha from `generator` (CPU), and all weights later."""
        super().__init__(supernet, generator)
        self._generator = generator
        self._draws: dict[str, Tensor] = {}
        self.draw()

    def draw(self) -> None:
        """Draw p anew; losses use the same one until the next draw."""
        with torch.no_grad():
            concentrations = self.concentrations()
        for cell, concentration in concentrations.items():
            gamma = torch._standard_gamma(concentration.double().cpu(), self._generator)
            gamma = gamma.clamp(min=torch.finfo(gamma.dtype).tiny).to(concentration.device)
            gamma = gamma.masked_fill(~self.exists[cell], 0.0)
            self._draws[cell] = gamma / gamma.sum(-1, keepdim=True)

    def concentrations(self) -> dict[str, Tensor]:
        """Return c by cell; those of entries without an operation mean nothing."""
        return {cell: functional.elu(alpha) + 1 for cell, alpha in self.alphas.items()}

    def weights(self) -> dict[str, Tensor]:
        """Return p by cell; entries without an operation are 0."""
        return {
            cell: _draw(concentration, self._draws[cell], self.exists[cell])
            for cell, concentration in self.concentrations().items()
        }

    def probabilities(self) -> dict[str, Tensor]:
        """Return the mean of p, c over the sum of c, by cell."""
        found = {}
        for cell, concentration in self.concentrations().items():
            c = concentration.masked_fill(~self.exists[cell], 0.0)
            found[cell] = c / c.sum(-1, keepdim=True)
        return found

    def deterministic(self) -> Mixing:
        """Return the mean of the draws."""
        return self.mixture(self.probabilities())

    def scores(self) -> Scores:
        """Return softmax(alpha) as numbers, as the program derives by it."""
        with torch.no_grad():
            return {
                cell: rows_of(self.existing(cell, alpha).softmax(-1))
                for cell, alpha in self.alphas.items()
            }

    def _parts(self) -> dict[str, Stateful]:
        """Return what changes, by name."""
        return {**super()._parts(), "draws": Tensors(self._draws)}


def _draw(concentration: Tensor, draw: Tensor, exists: Tensor) -> Tensor:
    """Return a draw as a function of its concentrations."""
    drawn: Tensor = _Draw.apply(concentration, draw, exists)  # type: ignore[no-untyped-call]
    return drawn


class _Draw(torch.autograd.Function):
    """A draw that is given, with the gradient of all draws like it.

    That is computed in double precision, and 0 where a corner is so near that it is no number.
    """

    @staticmethod
    def forward(ctx: Any, concentration: Tensor, draw: Tensor, exists: Tensor) -> Tensor:
        ctx.save_for_backward(concentration, draw, exists)
        return draw.to(concentration.dtype, copy=True)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        concentration, draw, exists = ctx.saved_tensors
        c = concentration.double()
        total = c.masked_fill(~exists, 0.0).sum(-1, keepdim=True)
        slope = torch._dirichlet_grad(draw, c, total.expand_as(draw))
        found = slope * (gradient - (draw * gradient).sum(-1, keepdim=True))
        known = exists & found.isfinite()
        return found.where(known, 0.0).to(concentration.dtype), None, None
