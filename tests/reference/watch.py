"""Events inside of a step of an engine, for those who compare it with a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn

from dslnas.engines.optimisers import WeightOptimiser, norm_of
from tests.reference.networks import Case


class Watch:
    """Looks at the passes of a supernet and the gradients of its weights.

    Attributes:
        tracked_passes: Passes so far that moved the running statistics.
    """

    def __init__(self, case: Case, optimiser: WeightOptimiser) -> None:
        self._case = case
        self._norm = self._clipped = 0.0
        self._step = optimiser.step
        optimiser.step = self._watched  # type: ignore[method-assign]
        self.tracked_passes = 0
        self._hook = case.supernet.network.register_forward_hook(self._count)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self._hook.remove()  # others use the supernet too

    def _count(self, network: nn.Module, images: object, logits: object) -> None:
        self.tracked_passes += self._case.supernet.network.run_state.tracking

    def _watched(
        self, gradients: Sequence[Tensor | None], share: float = 1.0
    ) -> Sequence[Tensor | None]:
        along = self._step(gradients, share)
        self._norm, self._clipped = norm_of(gradients), norm_of(along)
        return along

    def last_step(self) -> dict[str, object]:
        """Return the weights, and the gradient before it was clipped, as the files have them."""
        weights = self._case.supernet.weights()
        parameters = torch.cat([weight.detach().flatten() for weight in weights])
        return {
            "w_grad_norm_before_clip": self._norm,
            "clipped": self._clipped < 0.999999 * self._norm,
            "w_sum": float(parameters.sum()),
            "w_l2": float(parameters.norm()),
        }
