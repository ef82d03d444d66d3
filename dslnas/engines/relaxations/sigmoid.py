"""Fair DARTS: operations of an edge that do not compete (Chu et al., ECCV 2020, arXiv:1911.12126).

Each operation has a weight of its own, sigmoid(alpha_o), so that a skip connection takes nothing
away from the others.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dslnas.engines.relaxations.softmax import Relaxation, rows_of
from dslnas.space.derive.derive import Scores


class Sigmoid(Relaxation):
    """Operations are weighed by sigmoid(alpha), each for itself; alpha starts as 0."""

    deviation = 0.0

    def weights(self) -> dict[str, Tensor]:
        """Return sigmoid(alpha) by cell; entries without an operation are 0."""
        return {cell: self.existing(cell, alpha).sigmoid() for cell, alpha in self.alphas.items()}

    def probabilities(self) -> dict[str, Tensor]:
        """Return the share of every operation in the weights of its edge."""
        return {cell: p / p.sum(-1, keepdim=True) for cell, p in self.weights().items()}

    def typical(self) -> dict[str, Tensor]:
        """Return the weights of a run, which are not random."""
        return self.weights()

    def scores(self) -> Scores:
        """Return sigmoid(alpha) as numbers, which compare between edges as they are."""
        with torch.no_grad():
            return {cell: rows_of(p) for cell, p in self.weights().items()}
