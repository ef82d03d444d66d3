"""Measurements of a network that is asked batch by batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from dslnas.data.batches import Batch
    from dslnas.tasks.task import Measurement


class Meter(Protocol):
    """A measurement under way."""

    def add(self, output: Tensor, batch: Batch) -> None:
        """Take what a network gives for a batch, (targets, ...), in the order of its targets."""

    def measurement(self) -> Measurement:
        """Return what all batches so far come to; there was one at least."""

    @property
    def outputs(self) -> Tensor | None:
        """All outputs so far, where they are kept."""


class Sums(Protocol):
    """A task whose measurements are means over targets."""

    def sums(self, output: Tensor, batch: Batch) -> Mapping[str, float]:
        """Return sums over the targets of a batch by name."""

    def measurement(self, means: Mapping[str, float]) -> Measurement:
        """Return loss and metrics from the means of `sums` over a whole part."""


class SumMeter:
    """A measurement of which only sums are kept."""

    outputs = None

    def __init__(self, task: Sums) -> None:
        self._task = task
        self._totals: dict[str, float] = {}
        self._count = 0

    def add(self, output: Tensor, batch: Batch) -> None:
        """Add up the sums of a batch."""
        for name, value in self._task.sums(output, batch).items():
            self._totals[name] = self._totals.get(name, 0.0) + value
        self._count += len(batch)

    def measurement(self) -> Measurement:
        """Return what the means of the sums come to."""
        means = {name: total / self._count for name, total in self._totals.items()}
        return self._task.measurement(means)


class Measures(Protocol):
    """A task whose metrics look at all outputs of a part at once."""

    def terms(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of every target, as targets are, from outputs (N, K)."""

    def measured(
        self, loss: float, outputs: Tensor, targets: Tensor, unit: Tensor | float
    ) -> Measurement:
        """Return the metrics of a whole part, with its mean loss."""


class OutputMeter:
    """A measurement that keeps all outputs and targets, on the CPU."""

    def __init__(self, task: Measures) -> None:
        self._task = task
        self._outputs: list[Tensor] = []
        self._targets: list[Tensor] = []
        self._unit: Tensor | float = 1.0
        self._loss = 0.0

    def add(self, output: Tensor, batch: Batch) -> None:
        """Keep a batch, and add up its loss: of an example with several targets their mean."""
        import torch

        terms = self._task.terms(output, batch.targets)
        self._loss += float(terms.sum(dtype=torch.float64)) * (len(terms) / terms.numel())
        self._outputs.append(output.cpu())
        self._targets.append(batch.targets.cpu())
        self._unit = batch.unit

    def measurement(self) -> Measurement:
        """Return what all batches come to."""
        import torch

        targets = torch.cat(self._targets)
        return self._task.measured(self._loss / len(targets), self.outputs, targets, self._unit)

    @property
    def outputs(self) -> Tensor:
        """All outputs so far, (N, K)."""
        import torch

        return torch.cat(self._outputs)
