"""Models in a precision beside those in float32: how good, how small and how fast they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from dslnas.data.batches import Batch, Part
from dslnas.data.dataset import Data
from dslnas.exporters.latency import milliseconds_of
from dslnas.exporters.onnx import MODEL, STEP, run_of, sequence_run_of
from dslnas.exporters.precision_record import PrecisionRecord
from dslnas.tasks.task import Task

SLOWER = 1.05
"""Times the latency of float32 from which a precision is called slower; below lies noise."""

ROUNDING = 1e-9
"""Error of a difference of shares: one of 100 examples is 1 %, and allowed where that is."""


@dataclass(frozen=True)
class Trial:
    """The data that networks in other precisions are made with and judged by."""

    task: Task
    data: Data


class Judge:
    """Measures models, and says what is wrong with them beside float32.

    Models are given by the names that they have in float32: of a recurrent network there are two.

    Attributes:
        plain: The record of those in float32.
    """

    def __init__(
        self,
        plain: Mapping[str, bytes],
        within: float,
        trial: Trial,
        units: Sequence[tuple[float, float]],
    ) -> None:
        self._within, self._trial, self._units = within, trial, units
        self._metric = trial.task.metrics[0]
        self._real = trial.task.real_inputs(trial.data.test)
        self._expected = self._outputs(plain)
        self.plain = self._measured(plain, tuple(plain))

    def record(self, models: Mapping[str, bytes], files: tuple[str, ...]) -> PrecisionRecord:
        """Return what models came to; `files`: their names, if they are delivered."""
        found = self._measured(models, files)
        lost = self._lost(found.validation, self.plain.validation)
        refusal = self._refusal(found, lost)
        if refusal:
            return found.model_copy(update={"lost": lost, "refusal": refusal, "files": ()})
        return found.model_copy(update={"lost": lost, "warnings": self._warnings(found)})

    def _measured(self, models: Mapping[str, bytes], files: tuple[str, ...]) -> PrecisionRecord:
        data, output_of = self._trial.data, _output_of(models)
        times = milliseconds_of(models.get(STEP, models[MODEL]))
        return PrecisionRecord(
            files=files,
            bytes=sum(map(len, models.values())),
            validation=self._metric_on(data.validation, output_of),
            test=self._metric_on(data.test, output_of),
            largest_difference=float(abs(self._outputs(models) - self._expected).max()),
            latency_ms={place: taken.median for place, taken in times.items()},
        )

    def _outputs(self, models: Mapping[str, bytes]) -> np.ndarray:
        inputs = {name: torch.from_numpy(array) for name, array in self._real.items()}
        return _output_of(models)(Batch(inputs, torch.empty(0)))

    def _metric_on(self, part: Part, output_of: Callable[[Batch], np.ndarray]) -> float:
        """Return the leading metric on a part, whose targets are as in training."""
        task = self._trial.task
        meter = task.meter()
        for batch in part.in_order(task.measured_at_once):
            output = torch.from_numpy(self._as_trained(output_of(batch)))
            meter.add(output.to(batch.targets.device), batch)
        return float(meter.measurement().metrics[self._metric.name])

    def _as_trained(self, output: np.ndarray) -> np.ndarray:
        if not self._units:
            return output
        factors, offsets = np.array(self._units, np.float32).T
        return np.asarray((output - offsets) / factors)

    def _lost(self, value: float, plain: float) -> float:
        """Return how much worse a metric is: in points of a share, and else relatively."""
        return plain - value if self._metric.higher_is_better else value / plain - 1

    def _refusal(self, found: PrecisionRecord, lost: float) -> str:
        form, plain = self._metric.format, self.plain
        if not lost <= self._within + ROUNDING:  # what is not a number is refused as well
            return (
                f"{self._metric.name} on the validation part is {found.validation:{form}}, in "
                f"float32 {plain.validation:{form}}: that loses {lost:.2%}, and `within` allows "
                f"{self._within:.2%}"
            )
        if found.bytes >= plain.bytes:
            return f"its {found.bytes:,} bytes are not fewer than the {plain.bytes:,} of float32"
        return ""

    def _warnings(self, found: PrecisionRecord) -> tuple[str, ...]:
        slower = [
            f"{taken:.3g} ms with {place}, float32 {usual:.3g}"
            for (place, taken), usual in zip(
                found.latency_ms.items(), self.plain.latency_ms.values(), strict=True
            )
            if taken > SLOWER * usual
        ]
        what = f"it is smaller, but slower on this processor: {'; '.join(slower)}"
        return (what,) if slower else ()


def _output_of(models: Mapping[str, bytes]) -> Callable[[Batch], np.ndarray]:
    """Return what gives the outputs for a batch, (targets, ...), in the order of its targets."""
    if STEP in models:
        sequence = sequence_run_of(models[MODEL])

        def of_text(batch: Batch) -> np.ndarray:
            start = batch.start
            states = None if start is None else tuple(state.cpu().numpy() for state in start)
            (tokens,) = arrays_of(batch.inputs).values()
            logits, nexts = sequence(tokens, states)
            batch.end = tuple(map(torch.from_numpy, nexts))
            return logits.reshape(-1, logits.shape[-1])

        return of_text
    run = run_of(models[MODEL])
    return lambda batch: run(arrays_of(batch.inputs))


def arrays_of(inputs: Mapping[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """Return inputs as models read them."""
    whole = {name: tensor.cpu().numpy() for name, tensor in inputs.items()}
    return {n: a.astype(np.float32) if a.dtype.kind == "f" else a for n, a in whole.items()}
