"""The precisions of an exported model, told to people."""

from __future__ import annotations

from collections.abc import Iterator

from dslnas.cli.render.tables import aligned
from dslnas.exporters.precision_record import PrecisionRecords
from dslnas.tasks.metric import Metric


def precision_lines(records: PrecisionRecords, metric: Metric) -> Iterator[str]:
    """Yield a table of what a network came to in each precision, and what is to be said of it."""
    if not records:
        return
    plain = next(iter(records.values()))
    rows = [("precision", "validation", "test", "bytes", "smaller", *plain.latency_ms)]
    for name, record in records.items():
        values = (format(value, metric.format) for value in (record.validation, record.test))
        size = (f"{record.bytes:,}", f"{plain.bytes / record.bytes:.2f}x")
        times = (f"{taken:.3f} ms" for taken in record.latency_ms.values())
        rows.append((name, *values, *size, *times))
    yield f"Precisions of the ONNX model, with {metric.label or metric.name} and latency:"
    yield from (f"  {line}" for line in aligned(rows, left=("precision",)))
    for name, record in records.items():
        if record.refusal:
            yield f"{name} is not delivered: {record.refusal}"
        yield from (f"warning: {name}: {warning}" for warning in record.warnings)
