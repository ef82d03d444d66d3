"""Regression: one number or several for every example."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dslnas.tasks.labelled import LabelledTask
from dslnas.tasks.metric import ERROR_OF_NUMBERS
from dslnas.tasks.mistakes import largest_errors
from dslnas.tasks.task import Measurement

if TYPE_CHECKING:
    import torch
    from torch import Generator, Tensor

    from dslnas.data.dataset import Data


class Regression(LabelledTask):
    """One number or several, by the squared error of their standardised form.

    Metrics are in the unit of the data, and means over several numbers.
    """

    goal = "regression"
    output, outputs = "number", "numbers"
    guess, guess_words = "mean", "always the mean"
    detail = ERROR_OF_NUMBERS
    mistakes_in = staticmethod(largest_errors)
    mistake_title = "Largest errors"

    def random_targets(
        self, count: int, classes: int, generator: Generator, dtype: torch.dtype
    ) -> Tensor:
        """Return random numbers."""
        import torch

        return torch.randn((count, classes), generator=generator, dtype=dtype)

    def terms(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        """Return the squared errors (N, K) of standardised numbers."""
        return (outputs - targets).square()

    def measured(
        self, loss: float, outputs: Tensor, targets: Tensor, unit: Tensor | float
    ) -> Measurement:
        """Return the root of the mean squared error, and the mean absolute error."""
        from dslnas.tasks import scores

        errors = (outputs - targets).double() * unit
        roots = errors.square().mean(0).sqrt()
        values = {"rmse": float(roots.mean()), "mae": float(errors.abs().mean())}
        return Measurement(loss, self.ordered(values), scores.by_number(roots))

    def constant(self, targets: Tensor) -> Tensor:
        """Return the mean of every number."""
        result: Tensor = targets.double().mean(0)
        return result

    def guess_loss(self, data: Data) -> float:
        """Return the squared error of a guess that is off by a deviation."""
        return 1.0
