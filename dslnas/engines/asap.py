"""ASAP: architecture search, anneal and prune (Noy et al., AISTATS 2020, arXiv:1904.04123)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.darts import Darts
from dslnas.engines.protocol import Progress
from dslnas.engines.relaxations.annealed import Annealed
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.settings.gradient import OrderSettings
from dslnas.settings.gradient_methods import AsapSettings


class Asap(Darts):
    """Bilevel search on softmax(alpha / T), which loses operations while T falls.

    After a warm-up at high temperatures, every epoch ends with the operations of weight below
    threshold / K leaving their edge, K the number that it had at first; the rest weigh as if
    nothing else had been there. Steps get cheaper as operations go. The search ends when every edge
    has one operation left, besides `none`. Of a node the edges stay that DARTS would keep.

    The temperatures, the threshold and the warm-up are those of a reimplementation (UniNAS), as no
    program of the authors is known; in the paper we could not confirm them. It prunes at the
    beginning of an epoch, which is the same but for the temperature.
    """

    def __init__(
        self,
        supernet: Supernet,
        settings: AsapSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start the search; `generator` (CPU) draws the first alpha."""
        self._annealed = Annealed(supernet, generator, settings.annealing, settings.epochs)
        self._threshold = settings.threshold
        super().__init__(supernet, settings, generator, constraints)

    def _relaxed(
        self, supernet: Supernet, settings: OrderSettings, generator: torch.Generator
    ) -> Relaxation:
        """Return the softmax that cools."""
        return self._annealed

    def end_epoch(self, architecture: Iterator[Batch], progress: Progress) -> Tensor | None:
        """Prune, after the warm-up."""
        if self._epoch >= self._warmup:
            self._annealed.prune_below(self._threshold)
        return None

    @property
    def is_decided(self) -> bool:
        """Whether every edge has one operation left that a derived cell may have."""
        return self._annealed.is_decided
