"""BayesNAS: gates that multiply, without a softmax (Zhou et al., ICML 2019, arXiv:1905.04919)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.graph.graph import edges_of


class Gates(Relaxation):
    """Each operation has a gate s_o of its own, and its edge another: s_e * sum_o s_o * o(x).

    Nothing is normalised. All gates start as 1. The program multiplies what an edge reads by s_e;
    here it is what the edge gives, as a batch norm in between would take the factor away again.

    Attributes:
        alphas: Gates of operations by cell, (edges, operations), and those of edges by `edges_of`
            it, (edges, 1).
    """

    deviation = 0.0

    def __init__(self, supernet: Supernet, generator: torch.Generator) -> None:
        """Make the gates; nothing is random."""
        super().__init__(supernet, generator)
        for cell, exists in [*self.exists.items()]:
            self._add(edges_of(cell), torch.ones_like(exists[:, :1]), generator)
        with torch.no_grad():
            for gates in self.alphas.values():
                gates.fill_(1.0)

    def of_operations(self) -> Mapping[str, Tensor]:
        """Return the gates of operations by cell."""
        return {cell: self.alphas[cell] for cell in self._supernet.tables}

    def weights(self) -> dict[str, Tensor]:
        """Return the products of both gates by cell; entries without an operation are 0."""
        return {
            cell: (gates * self.alphas[edges_of(cell)]).masked_fill(~self.exists[cell], 0.0)
            for cell, gates in self.of_operations().items()
        }

    def probabilities(self) -> dict[str, Tensor]:
        """Return the share of every operation in the absolute gates of its edge."""
        found = {}
        for cell, gates in self.of_operations().items():
            size = gates.abs().masked_fill(~self.exists[cell], 0.0)
            size = size + torch.finfo(size.dtype).tiny * self.exists[cell]  # a share of zeros
            found[cell] = size / size.sum(-1, keepdim=True)
        return found

    def typical(self) -> dict[str, Tensor]:
        """Return the products of both gates, which need not add up to 1."""
        return self.weights()
