"""The exported files of a run: precisions, latencies, and how they were checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dslnas.exporters.onnx_record import milliseconds
from dslnas.exporters.precision_record import PrecisionRecord
from dslnas.report.numbers import Number, Pieces, in_manifest
from dslnas.report.reading import RunRecord
from dslnas.runs.described import described_files
from dslnas.runs.folder import REPORT
from dslnas.tasks.metric import Shown


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        headings: Those of its columns.
        rows: Its rows; a cell is a text with its numbers.
        words: The first columns are words, so many; the others are numbers.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[Pieces, ...], ...]
    words: int = 1


def precisions(run: RunRecord) -> tuple[Table | None, tuple[str, ...]]:
    """Return the precisions of the model, and sentences on them; None without any."""
    records = run.manifest.results.precisions
    if not records:
        return None, ()
    metric = run.task.metrics[0]
    plain, *_ = records
    places = tuple(records[plain].latency_ms)
    headings = ("precision", "validation", "test", "bytes", *places)
    rows = tuple(_precision(name, r, metric.format, places) for name, r in records.items())
    refused = (f"{n} is not delivered: {r.refusal}" for n, r in records.items() if r.refusal)
    warned = (f"{n}: {warning}" for n, r in records.items() for warning in r.warnings)
    return Table(headings, rows), (*refused, *warned)


def _precision(
    name: str, record: PrecisionRecord, form: str, places: tuple[str, ...]
) -> tuple[Pieces, ...]:
    def number(value: float, text: str, *steps: str) -> Number:
        return Number(value, text, in_manifest("results", "precisions", name, *steps))

    quality = (
        (number(value, format(Shown(value), form), part),)
        for part, value in (("validation", record.validation), ("test", record.test))
    )
    taken: list[Pieces] = []
    for place in places:
        ms = record.latency_ms.get(place)
        told = () if ms is None else (number(ms, f"{milliseconds(ms)} ms", "latency_ms", place),)
        taken.append(told)
    return (name,), *quality, (number(record.bytes, f"{record.bytes:,}", "bytes"),), *taken


def exported(run: RunRecord) -> tuple[tuple[str, Table], ...]:
    """Return tables on the exported files, each with its heading."""
    tables = (
        ("Latency", _latencies(run)),
        ("Agreement with PyTorch", _agreements(run)),
        ("ONNX models", _models(run)),
        ("Files", _files(run)),
    )
    return tuple((heading, table) for heading, table in tables if table is not None)


def _latencies(run: RunRecord) -> Table | None:
    """Return how long the model takes, for each batch and number of threads."""
    latency = run.manifest.results.latency
    if latency is None:
        return None

    def number(place: str, which: str, value: float) -> Number:
        source = in_manifest("results", "latency", "milliseconds", place, which)
        return Number(value, f"{milliseconds(value)} ms", source)

    rows = tuple(
        (
            (place,),
            (number(place, "median", times.median),),
            (number(place, "p10", times.p10), " to ", number(place, "p90", times.p90)),
        )
        for place, times in latency.milliseconds.items()
    )
    return Table(("run", "median", "10th to 90th percentile"), rows)


def _agreements(run: RunRecord) -> Table | None:
    """Return how far the outputs of exported files are from those of PyTorch."""
    results = run.manifest.results
    if not results.largest_difference:
        return None
    return Table(
        ("format", "largest difference", "of the outputs' spread", "allowed"),
        tuple(_agreement_rows(run)),
    )


def _agreement_rows(run: RunRecord) -> Iterator[tuple[Pieces, ...]]:
    from dslnas.exporters.catalogue import EXPORTERS

    results, tolerance = run.manifest.results, run.manifest.settings.export.tolerance
    allowed = Number(tolerance, f"{tolerance:g}", in_manifest("settings", "export", "tolerance"))
    for target, difference in results.largest_difference.items():
        source = in_manifest("results", "largest_difference", target)
        share = results.relative_difference.get(target)
        told: Pieces = ()
        if share is not None:
            of = in_manifest("results", "relative_difference", target)
            told = (Number(share, _small(share), of),)
        title = EXPORTERS[target].title if target in EXPORTERS else target
        yield (title,), (Number(difference, _small(difference), source),), told, (allowed,)


def _models(run: RunRecord) -> Table | None:
    """Return the versions that ONNX models declare."""
    declared = run.manifest.results.onnx
    if not declared:
        return None
    rows = tuple(
        (
            (name,),
            (Number(m.opset, str(m.opset), in_manifest("results", "onnx", name, "opset")),),
            (
                Number(
                    m.ir_version,
                    str(m.ir_version),
                    in_manifest("results", "onnx", name, "ir_version"),
                ),
            ),
            (f"ONNX Runtime {m.oldest_runtime}",),
        )
        for name, m in declared.items()
    )
    return Table(("model", "opset", "IR version", "loads in, or newer"), rows)


def _files(run: RunRecord) -> Table | None:
    """Return the files that are there, with their meanings."""
    found = described_files(run.path, run.task)
    found.pop(REPORT, None)  # it is being written
    rows = tuple(((name,), (meaning,)) for name, meaning in found.items())
    return Table(("file", "meaning"), rows, words=2) if run.manifest.results.files else None


def _small(value: float) -> str:
    return f"{value:.1e}" if value else "0"
