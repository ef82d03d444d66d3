"""Measuring a network on a part of the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from dslnas.data.batches import Batch, Part
from dslnas.tasks.meter import Meter
from dslnas.tasks.task import Measurement, Task


def measure(
    output_of: Callable[[Batch], Tensor], part: Part, task: Task, meter: Meter | None = None
) -> Measurement:
    """Measure a network in evaluation mode on a whole part.

    The states of recurrent cells are carried from batch to batch; every target counts once and
    alike, whatever batch it is in. `output_of` returns what the network gives, (targets, ...), in
    the order of the flattened targets of a batch, and sets the end of a segment of a stream. A
    meter that is given keeps what it saw.
    """
    with torch.inference_mode():
        return measure_batches(output_of, part.in_order(task.measured_at_once), task, meter)


def measure_batches(
    output_of: Callable[[Batch], Tensor],
    batches: Iterable[Batch],
    task: Task,
    meter: Meter | None = None,
) -> Measurement:
    """Measure a network on some batches, one at least; see `measure`."""
    meter = meter or task.meter()
    for batch in batches:
        meter.add(output_of(batch), batch)
    return meter.measurement()
