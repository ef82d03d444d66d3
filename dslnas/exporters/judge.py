"""Models in a precision beside those in float32: how good, how small and how fast they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch

from dslnas.backends.onnx.session import Loaded
from dslnas.data.batches import Batch, Part
from dslnas.data.dataset import Data
from dslnas.exporters.latency import latencies_of
from dslnas.exporters.onnx import MODEL, STEP, file_in, run_of, sequence_run_of
from dslnas.exporters.onnx_record import Latency
from dslnas.exporters.precision_record import PrecisionRecord, PrecisionRecords
from dslnas.tasks.task import Task

SLOWER = 1.05
"""Times the latency of float32 from which a precision is called slower; less matters little."""

ROUNDING = 1e-9
"""Error of a difference of shares: one of 100 examples is 1 %, and allowed where that is."""


@dataclass(frozen=True)
class Trial:
    """The data that networks in other precisions are made with and judged by."""

    task: Task
    data: Data


Models: TypeAlias = Mapping[str, Loaded]
"""A network in a precision, by the names of its files in float32: of a recurrent one two."""


@dataclass(frozen=True)
class Verdict:
    """Records of all precisions, float32 first, and the latency of float32."""

    records: PrecisionRecords
    latency: Latency


class Judge:
    """Measures a network in several precisions, and says what is wrong with them beside float32."""

    def __init__(
        self, within: float, trial: Trial, units: Sequence[tuple[float, float]], plain: Models
    ) -> None:
        self._within, self._trial, self._units = within, trial, units
        self._metric = trial.task.metrics[0]
        self._real = trial.task.real_inputs(trial.data.test)
        self._plain, self._expected = plain, self._outputs(plain)

    def verdict(self, made: Mapping[str, Models]) -> Verdict:
        """Return what a network came to in each precision; of those refused no file is named."""
        each = {"float32": self._plain, **made}
        timed = latencies_of([models.get(STEP, models[MODEL]) for models in each.values()])
        latencies = dict(zip(each, timed, strict=True))
        records = {name: self._measured(models, latencies[name]) for name, models in each.items()}
        plain, usual = records["float32"], latencies["float32"]
        told = {"float32": plain.model_copy(update={"files": tuple(self._plain)})}
        for name, models in made.items():
            files = tuple(file_in(name, model) for model in models)
            told[name] = self._told(
                records[name], plain, files, slower_where(latencies[name], usual)
            )
        return Verdict(told, usual)

    def _told(
        self,
        found: PrecisionRecord,
        plain: PrecisionRecord,
        files: tuple[str, ...],
        warnings: tuple[str, ...],
    ) -> PrecisionRecord:
        """Return a record with what is said of it beside that of float32."""
        lost = self._lost(found.validation, plain.validation)
        refusal = self._refusal(found, plain, lost)
        if refusal:
            return found.model_copy(update={"lost": lost, "refusal": refusal})
        return found.model_copy(update={"lost": lost, "files": files, "warnings": warnings})

    def _measured(self, models: Models, latency: Latency) -> PrecisionRecord:
        data, output_of = self._trial.data, _output_of(models)
        return PrecisionRecord(
            files=(),
            bytes=sum(len(model.content) for model in models.values()),
            validation=self._metric_on(data.validation, output_of),
            test=self._metric_on(data.test, output_of),
            largest_difference=float(abs(self._outputs(models) - self._expected).max()),
            latency_ms={place: taken.median for place, taken in latency.milliseconds.items()},
        )

    def _outputs(self, models: Models) -> np.ndarray:
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

    def _refusal(self, found: PrecisionRecord, plain: PrecisionRecord, lost: float) -> str:
        form = self._metric.format
        if not lost <= self._within + ROUNDING:  # what is not a number is refused as well
            return (
                f"{self._metric.label or self._metric.name} on the validation part is "
                f"{found.validation:{form}}, in float32 {plain.validation:{form}}: that loses "
                f"{lost:.2%}, and `within` allows {self._within:.2%}"
            )
        if found.bytes >= plain.bytes:
            return f"its {found.bytes:,} bytes are not fewer than the {plain.bytes:,} of float32"
        return ""


def slower_where(found: Latency, plain: Latency) -> tuple[str, ...]:
    """Return what is said of a precision that is slower than float32, and not by chance."""
    slower = [
        f"{taken.median:.3g} ms with {place}, float32 {usual.median:.3g}"
        for (place, taken), usual in zip(
            found.milliseconds.items(), plain.milliseconds.values(), strict=True
        )
        if taken.p10 > usual.p90 and taken.median > SLOWER * usual.median
    ]
    what = f"it is smaller, but slower on this processor: {'; '.join(slower)}"
    return (what,) if slower else ()


def _output_of(models: Models) -> Callable[[Batch], np.ndarray]:
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
