"""The first and the last words of a report: a run in short, and the environment that it ran in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dslnas.exporters.onnx_record import milliseconds
from dslnas.report.numbers import Number, compact, in_manifest, label_of, result, seconds
from dslnas.report.reading import RunRecord
from dslnas.training.records import STAGES

_STATUS = {
    "running": "is under way",
    "lost": "ended without a word, as its process is gone",
    "searched": "is searched and not yet trained",
    "trained": "is trained and not yet exported",
    "finished": "is finished",
    "interrupted": "was interrupted",
    "failed": "has failed",
}


@dataclass(frozen=True)
class Tile:
    """A number at the top of a report: its label, itself, and a remark."""

    label: str
    value: Number
    remark: str = ""


def in_short(run: RunRecord) -> str:
    """Return sentences on a run."""
    manifest, results = run.manifest, run.manifest.results
    told = [
        f"{_done(run)} on {manifest.settings.data.source}, seed {manifest.seed}.",
        f"The run {_STATUS[run.state]}.",
    ]
    if results.search_stopped is not None:
        told.append(f"The search ended early: {results.search_stopped}.")
    if results.search_epoch is not None:
        told.append(f"The architecture is that of epoch {results.search_epoch}.")
    return " ".join(told)


def _done(run: RunRecord) -> str:
    """Return the work of a run as a verb; it is past once its end is reached."""
    method, is_over = run.manifest.method, run.manifest.results.is_trained
    if method is None:
        return "Trained" if is_over else "Trains an architecture"
    return f"Searched by {method} and trained" if is_over else f"Searches by {method}"


def tiles(run: RunRecord) -> Iterator[Tile]:
    """Yield the numbers that matter most."""
    results, metric = run.manifest.results, run.task.metrics[0]
    for part in ("test", "validation"):
        name = f"{part}_{metric.name}"
        value = results.measures.get(name)
        if isinstance(value, int | float):
            yield Tile(f"{part} {label_of(metric)}", result(name, value, metric.format))
    if results.is_trained:
        yield Tile("parameters", compact(results.params, in_manifest("results", "params")))
        about = f"per {run.task.example}"
        flops = compact(results.flops, in_manifest("results", "flops"))
        yield Tile("multiply-adds", flops, about)
    if results.latency is not None:
        place, times = next(iter(results.latency.milliseconds.items()))
        source = in_manifest("results", "latency", "milliseconds", place, "median")
        yield Tile(
            "latency", Number(times.median, f"{milliseconds(times.median)} ms", source), place
        )
    if results.search_seconds is not None:
        source = in_manifest("results", "search_seconds")
        yield Tile("search", seconds(results.search_seconds, source))
    if results.is_trained:
        source = in_manifest("results", "retrain_seconds")
        yield Tile("training", seconds(results.retrain_seconds, source))


def environment(run: RunRecord) -> Iterator[tuple[str, str]]:
    """Yield names and values of everything that a run was made with."""
    manifest = run.manifest
    yield "method", manifest.method or "none: an architecture was trained"
    yield "seed", str(manifest.seed)
    yield "device", manifest.device
    yield "precision", manifest.precision
    yield "execution", manifest.execution
    for stage, chosen in manifest.chosen.items():
        yield f"execution of the {STAGES[stage]}", chosen.told()
    yield "passes", ", ".join(manifest.passes) or "none"
    yield from manifest.machine.items()
    if manifest.results.latency is not None:
        yield "latency measured on", manifest.results.latency.processor
    yield from manifest.versions.items()
    yield "spec hash", manifest.spec_hash
    if manifest.data_hash is not None:
        yield "data hash", manifest.data_hash
