"""Gradient descent for a training from scratch: like a search's, and it can be gone on with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from dslnas.engines.optimisers import WeightOptimiser

BUFFER = "momentum_buffer"


class ResumableSGD(WeightOptimiser):
    """SGD whose state can be stored, and whose steps can be shortened."""

    def step_by(self, gradients: Sequence[Tensor | None], share: float) -> None:
        """Take one step, as `step` does, at a share of the epoch's learning rate."""
        (group,) = self._sgd.param_groups
        rate = group["lr"]
        group["lr"] = share * rate
        try:
            self.step(gradients)
        finally:
            group["lr"] = rate

    @property
    def has_momentum(self) -> bool:
        """Whether steps have a momentum."""
        return self._settings.momentum > 0

    def buffers(self) -> dict[str, Tensor]:
        """Return the momentum by number of the weight: zeros for one that never moved."""
        if not self.has_momentum:
            return {}
        return {
            str(number): torch.zeros_like(weight) if buffer is None else buffer
            for number, weight in enumerate(self._weights)
            for buffer in (self._sgd.state[weight].get(BUFFER),)
        }

    def take(self, buffers: Mapping[str, Tensor]) -> None:
        """Go on with the momentum of an earlier training, as `buffers` returned it."""
        for number, weight in enumerate(self._weights):
            buffer = buffers.get(str(number))
            if buffer is not None:
                self._sgd.state[weight][BUFFER] = buffer.to(weight.device).clone()
