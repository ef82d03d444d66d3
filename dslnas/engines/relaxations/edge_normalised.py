"""PC-DARTS: Partial Channel Connections (Xu et al., ICLR 2020, arXiv:1907.05737)."""

from __future__ import annotations

import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.relaxations.softmax import Relaxation, rows_of
from dslnas.graph.graph import edges_of
from dslnas.space.derive.derive import Scores


class EdgeNormalised(Relaxation):
    """Alpha weighs the operations of an edge, beta the choosing edges of a node (eq. 3).

    x_j = sum_i softmax(beta_j)_i * f_ij(x_i), where f_ij mixes the operations of the edge by
    softmax(alpha_ij). Fixed edges are added without a weight. The supernet's graph has the partial
    channels and the weighed edges, see `dslnas.graph.lower.partial_channels`.

    Attributes:
        alphas: Alpha by cell, (edges, operations), then beta by `edges_of` the cell, (nodes with
            choosing edges, choosing edges of a node); all start as 1e-3 * N(0, 1).
    """

    def __init__(self, supernet: Supernet, generator: torch.Generator) -> None:
        """Draw the first alpha and beta from `generator`, a generator on the CPU."""
        super().__init__(supernet, generator)
        for cell in supernet.tables:
            self._add(edges_of(cell), supernet.edges_exist(cell), generator)

    def scores(self) -> Scores:
        """Return softmax(alpha)_o * softmax(beta)_e for operation o of edge e (section 3.3)."""
        with torch.no_grad():
            weights = self.probabilities()
        scores = {}
        for cell, table in self._supernet.tables.items():
            share = weights[cell].new_zeros(len(table.rows))
            for rows, beta in zip(table.choosing, weights[edges_of(cell)], strict=True):
                share[list(rows)] = beta[: len(rows)]
            scores[cell] = rows_of(weights[cell] * share[:, None])
        return scores
