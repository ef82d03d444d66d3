"""What methods on the continuous relaxation share: all but their step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.engines.engine import Batch, Progress
from dslnas.engines.optimisers import AlphaOptimiser, WeightOptimiser
from dslnas.engines.relaxation import Relaxation
from dslnas.settings.sections import SearchSettings
from dslnas.space.derive import Scores


class Relaxed:
    """Base of the engines that weigh operations by softmax(alpha); a method adds its `step`."""

    def __init__(
        self, supernet: Supernet, settings: SearchSettings, generator: torch.Generator
    ) -> None:
        """Start the search; `generator` (CPU) draws the first alpha."""
        self._relaxation = Relaxation(supernet, generator)
        alphas = list(self._relaxation.alphas.values())
        self._alpha = AlphaOptimiser(alphas, settings.arch, settings.epochs)
        self._weights = WeightOptimiser(supernet.weights(), settings.weights, settings.epochs)

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rates of an epoch."""
        self._alpha.start_epoch(epoch)
        self._weights.start_epoch(epoch)

    def mixing(self) -> Mixing:
        """Return the softmax mixture."""
        return self._relaxation.mixing()

    def alphas(self) -> Mapping[str, Tensor]:
        """Return alpha by cell."""
        return self._relaxation.alphas

    def finish(self, architecture: Sequence[Batch], progress: Progress) -> Scores:
        """Return softmax(alpha)."""
        return self._relaxation.scores()
