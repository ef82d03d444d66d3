"""ReinMax: a second-order gradient of samples (Liu et al., NeurIPS 2023, arXiv:2304.08612)."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing
from dslnas.engines.relaxations.gumbel import HardGumbel


class ReinMax(HardGumbel):
    """Hard samples D ~ softmax(alpha), as a trapezoid takes their gradient.

    With g = dL/dD, p = softmax(alpha), q = (softmax(alpha / tau) + D) / 2 and J(v) = diag(v) - v v'
    it is 2 J(q) g - J(p) g / 2. The weight of every operation needs its gradient, so those that are
    not drawn run forward where alpha learns.
    """

    def mixing(self) -> Mixing:
        """Return the sampled operations, the others observed where alpha has a gradient."""
        return replace(super().mixing(), observe=torch.is_grad_enabled())

    def surrogate(self, cell: str, soft: Tensor, sample: Tensor) -> Tensor:
        """Return what has the gradient of the estimate: 2 softmax - softmax / 2."""
        alpha, exists = self.existing(cell, self.alphas[cell]), self.exists[cell]
        with torch.no_grad():
            q = ((alpha / self.temperature).softmax(-1) + sample) / 2
            # softmax(alpha + shift) is q, and its gradient in alpha is J(q)
            shift = torch.where(exists, q.log() - alpha, 0.0)
        return 2 * (alpha + shift).softmax(-1) - alpha.softmax(-1) / 2
