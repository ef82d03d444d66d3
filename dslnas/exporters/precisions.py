"""A network in other precisions: written, tried on the data, and delivered if it is good enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import TypeAlias

import numpy as np
import onnx
import torch
from onnx import ModelProto

from dslnas.backends.onnx.float16 import to_float16
from dslnas.backends.onnx.int8 import to_int8
from dslnas.backends.onnx.versions import Versions
from dslnas.data.batches import Part
from dslnas.data.dataset import Data
from dslnas.exporters.calibration import calibrated
from dslnas.exporters.onnx import MODEL, file_in, run_of
from dslnas.exporters.parity import Inputs, Run
from dslnas.exporters.precision_record import PrecisionRecord, PrecisionRecords
from dslnas.files import write_whole
from dslnas.settings.sections import ExportSettings
from dslnas.tasks.task import Task
from dslnas.timing import median_seconds

CALIBRATED = 256
"""Training examples whose values are looked at."""

BATCHES = (1, 8)
THREADS = {"one thread": 1, "all threads": 0}
WARM_UP, RUNS = 0.05, 20
"""Seconds of runs before a latency is measured, and runs whose median it is."""

SLOWER = 1.05
"""Times the latency of float32 from which a precision is called slower; below lies noise."""

ROUNDING = 1e-9
"""Error of a difference of shares: one of 100 examples is 1 %, and allowed where that is."""

Writer: TypeAlias = Callable[[ModelProto, Inputs, Versions], ModelProto]
"""From a model in float32, and examples that it was trained on, to one in another precision."""

WRITERS: Mapping[str, Writer] = {
    "float16": lambda model, _, versions: to_float16(model, versions),
    "int8": lambda model, inputs, versions: to_int8(model, calibrated(model, inputs), versions),
}


@dataclass(frozen=True)
class Trial:
    """The data that networks in other precisions are made with and judged by."""

    task: Task
    data: Data


def write_precisions(
    stage: Path, settings: ExportSettings, trial: Trial, units: Sequence[tuple[float, float]]
) -> PrecisionRecords:
    """Write the precisions that settings ask for beside the float32 model, and tell of all.

    A precision that is not delivered leaves no file behind.

    Args:
        stage: Folder with the float32 model.
        settings: Which precisions, and how much worse they may be.
        trial: Data to calibrate, measure and judge on; test decides nothing.
        units: Factor and offset of every output, see `Facts.units`.
    """
    content = (stage / MODEL).read_bytes()
    proto = onnx.load_model_from_string(content)
    inputs = _arrays(trial.data.weights.spread(CALIBRATED))
    judge = _Judge(content, settings.within, trial, units)
    records = {"float32": judge.record(MODEL, content)}
    versions = Versions(settings.opset, settings.ir_version)
    for precision in settings.others:
        made = WRITERS[precision](proto, inputs, versions).SerializeToString(deterministic=True)
        name = file_in(precision)
        record = judge.record(name, made, records["float32"])
        records[precision] = record
        if not record.refusal:
            write_whole(stage / name, made)
    return records


class _Judge:
    """Measures models, and says what is wrong with them beside float32."""

    def __init__(
        self, plain: bytes, within: float, trial: Trial, units: Sequence[tuple[float, float]]
    ) -> None:
        self._within, self._trial, self._units = within, trial, units
        self._metric = trial.task.metrics[0]
        self._real = trial.task.real_inputs(trial.data.test)
        self._expected = run_of(plain)(self._real)

    def record(
        self, name: str, model: bytes, plain: PrecisionRecord | None = None
    ) -> PrecisionRecord:
        """Return what a model came to; `plain` is that in float32."""
        run, data = run_of(model), self._trial.data
        found = PrecisionRecord(
            files=(name,),
            bytes=len(model),
            validation=self._measured(run, data.validation),
            test=self._measured(run, data.test),
            largest_difference=float(abs(run(self._real) - self._expected).max()),
            latency_ms=latencies(model, self._real),
        )
        if plain is None:
            return found
        lost = self._lost(found.validation, plain.validation)
        refusal = self._refusal(found, plain, lost)
        if refusal:
            return found.model_copy(update={"lost": lost, "refusal": refusal, "files": ()})
        return found.model_copy(update={"lost": lost, "warnings": _warnings(found, plain)})

    def _measured(self, run: Run, part: Part) -> float:
        """Return the leading metric of a model on a part, which knows targets as in training."""
        task = self._trial.task
        meter = task.meter()
        for batch in part.in_order(task.measured_at_once):
            output = torch.from_numpy(self._as_trained(run(_arrays(batch.inputs))))
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
        if not lost <= self._within + ROUNDING:  # what is not a number is refused as well
            worse, as_usual = (
                format(value, self._metric.format) for value in (found.validation, plain.validation)
            )
            return (
                f"{self._metric.name} on the validation part is {worse}, in float32 {as_usual}: "
                f"that loses {lost:.2%}, and `within` allows {self._within:.2%}"
            )
        if found.bytes >= plain.bytes:
            return f"its {found.bytes:,} bytes are not fewer than the {plain.bytes:,} of float32"
        return ""


def latencies(model: bytes, inputs: Inputs) -> dict[str, float]:
    """Return the median milliseconds of a run, by batch size and threads."""
    found = {}
    for (title, number), batch in product(THREADS.items(), BATCHES):
        run = run_of(model, number)
        fed = {name: np.resize(array, (batch, *array.shape[1:])) for name, array in inputs.items()}
        seconds = median_seconds(partial(run, fed), RUNS, warm_up=WARM_UP)
        found[f"batch {batch}, {title}"] = round(1000 * seconds, 4)
    return found


def _warnings(found: PrecisionRecord, plain: PrecisionRecord) -> tuple[str, ...]:
    slower = [
        f"{taken:.3g} ms with {place}, float32 {plain.latency_ms[place]:.3g}"
        for place, taken in found.latency_ms.items()
        if taken > SLOWER * plain.latency_ms[place]
    ]
    return (f"it is smaller, but slower on this processor: {'; '.join(slower)}",) if slower else ()


def _arrays(inputs: Mapping[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """Return inputs as models read them."""
    whole = {name: tensor.cpu().numpy() for name, tensor in inputs.items()}
    return {n: a.astype(np.float32) if a.dtype.kind == "f" else a for n, a in whole.items()}
