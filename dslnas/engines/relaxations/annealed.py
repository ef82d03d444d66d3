"""ASAP: a softmax that a falling temperature sharpens (Noy et al., arXiv:1904.04123)."""

from __future__ import annotations

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.discretise import derivable
from dslnas.engines.optimisers import value_at
from dslnas.engines.relaxations.softmax import Relaxation, rows_of
from dslnas.settings.values import Schedule
from dslnas.space.derive.derive import Scores


class Annealed(Relaxation):
    """Operations are weighed by softmax(alpha / T) over those of an edge that are left."""

    def __init__(
        self, supernet: Supernet, generator: torch.Generator, temperature: Schedule, epochs: int
    ) -> None:
        """Start at the first temperature; `generator` (CPU) draws the first alpha."""
        super().__init__(supernet, generator)
        self._schedule = temperature
        self._epochs = epochs
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Set the temperature of an epoch, counted from 0."""
        self.temperature = value_at(self._schedule, epoch, self._epochs)

    def probabilities(self) -> dict[str, Tensor]:
        """Return softmax(alpha / T) by cell; entries without an operation are 0."""
        return {
            cell: (self.existing(cell, alpha) / self.temperature).softmax(-1)
            for cell, alpha in self.alphas.items()
        }

    def prune_below(self, share: float) -> None:
        """Prune operations with a weight below a share of 1 / K, K the edge's operations at first.

        K stays as it was, so that an edge with few left loses no more of them for that.
        """
        for cell, p in self.probabilities().items():
            count = self._supernet.exists(cell).sum(-1, keepdim=True)
            self.prune(cell, p.detach() * count < share)

    @property
    def is_decided(self) -> bool:
        """Whether every edge has one operation left that a derived cell may have."""
        return all(
            int((derivable(table, self.exists[cell]) & self.exists[cell]).sum()) == len(table.rows)
            for cell, table in self._supernet.tables.items()
        )

    def scores(self) -> Scores:
        """Return softmax(alpha) over all that an edge once had, and 0 for what is pruned.

        Weights would say nothing of edges: with one operation left that of every edge is 1.
        """
        with torch.no_grad():
            return {
                cell: rows_of(
                    alpha.masked_fill(~self._supernet.exists(cell), -torch.inf)
                    .softmax(-1)
                    .masked_fill(~self.exists[cell], 0.0)
                )
                for cell, alpha in self.alphas.items()
            }
