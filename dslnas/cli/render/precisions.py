"""The precisions of an exported model, told to people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dslnas.cli.render.tables import aligned
from dslnas.exporters.precision_record import PrecisionRecords
from dslnas.runs.summary import Outcome
from dslnas.tasks.metric import Metric

HEADINGS = ("precision", "validation", "test", "bytes", "smaller")


def precision_lines(records: PrecisionRecords, metric: Metric) -> Iterator[str]:
    """Yield a table of what a network came to in each precision, and what is to be said of it."""
    if not records:
        return
    plain = next(iter(records.values()))
    rows = [(*HEADINGS, *plain.latency_ms)]
    for row, record in zip(_rows(records, metric), records.values(), strict=True):
        rows.append((*row, *(f"{taken:.3f} ms" for taken in record.latency_ms.values())))
    yield f"Precisions of the ONNX model, with {metric.label or metric.name} and latency:"
    yield from (f"  {line}" for line in aligned(rows, left=HEADINGS[:1]))
    yield from _remarks(records)


def precisions_of_runs(runs: Iterable[Outcome], metric: Metric) -> Iterator[str]:
    """Yield the same for runs of several seeds, without latencies."""
    found = {run.seed: run.precisions for run in runs if run.precisions}
    if not found:
        return
    rows: list[tuple[str, ...]] = [("seed", *HEADINGS)]
    for seed, records in found.items():
        rows += [(str(seed), *row) for row in _rows(records, metric)]
    yield from aligned(rows, left=HEADINGS[:1])
    for seed, records in found.items():
        yield from (f"seed {seed}: {remark}" for remark in _remarks(records))


def _rows(records: PrecisionRecords, metric: Metric) -> Iterator[tuple[str, ...]]:
    """Yield a row for every precision, below `HEADINGS`."""
    plain = next(iter(records.values()))
    for name, record in records.items():
        values = (format(value, metric.format) for value in (record.validation, record.test))
        yield name, *values, f"{record.bytes:,}", f"{plain.bytes / record.bytes:.2f}x"


def _remarks(records: PrecisionRecords) -> Iterator[str]:
    for name, record in records.items():
        if record.refusal:
            yield f"{name} is not delivered: {record.refusal}"
        yield from (f"warning: {name}: {warning}" for warning in record.warnings)
