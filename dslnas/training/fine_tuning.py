"""Training the weights of a supernet alone, while its mixing weights are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.dataset import Data
from dslnas.engines.objectives.accumulation import loss_and_grads_of
from dslnas.engines.optimisers import WeightOptimiser, value_at
from dslnas.settings.values import Cosine, Warmup
from dslnas.training.records import check_finite
from dslnas.training.search_plan import SearchPlan

SLOWER = 10
"""A tenth of the learning rate that the search began with, as the program of DARTS-PT has it."""


class FineTuning:
    """Trains the weights between rounds of decisions; alpha stands still.

    The learning rate falls along a cosine over all epochs of all times together.
    """

    def __init__(
        self,
        plan: SearchPlan,
        supernet: Supernet,
        data: Data,
        times: int,
        generator: torch.Generator,
        after_step: Callable[[], None] = lambda: None,
    ) -> None:
        """Take how often it will train; `generator` (CPU) is that of the order of the data.

        `after_step` may end it by KeyboardInterrupt.
        """
        derivation, usual = plan.derivation, plan.settings.weights
        full = usual.lr.then if isinstance(usual.lr, Warmup) else usual.lr
        rate = derivation.tune_rate or value_at(full, 0, plan.settings.epochs) / SLOWER
        settings = usual.replace(lr=Cosine(start=rate))
        self._epochs = derivation.tune
        self._plan, self._supernet, self._data, self._generator = plan, supernet, data, generator
        self._weights = WeightOptimiser(supernet.weights(), settings, self._epochs * times)
        self._epoch, self._after_step = 0, after_step

    def __call__(self, weights: Mapping[str, Tensor]) -> None:
        """Train for some epochs with the mixing weights."""
        for _ in range(self._epochs):
            self._weights.start_epoch(self._epoch)
            self._train(Mixing(weights))
            self._epoch += 1

    def _train(self, mixing: Mixing) -> None:
        data, where = self._plan.data, f"search {self._plan.method}"
        batches = self._data.weights.batches(data.batch, self._generator, data.augmentations)
        for step, train in enumerate(batches, 1):
            own = self._supernet.weights()
            found = loss_and_grads_of(self._supernet, train, mixing, own, regularised=True)
            check_finite("fine-tuning loss", float(found.loss), self._epoch + 1, step, where)
            self._weights.step(found.gradients)
            self._after_step()
