"""Runs side by side: what differs in their specs, in how they ran, in cells and in results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from os.path import basename, realpath
from typing import TypeAlias

from dslnas.exporters.onnx_record import milliseconds
from dslnas.language.print.format import format_expression, format_item
from dslnas.language.syntax import ast
from dslnas.language.syntax.parse import parse
from dslnas.report.curves import search_charts, training_charts
from dslnas.report.figures.lines import Chart
from dslnas.report.numbers import Number, compact, in_manifest, label_of, result, seconds
from dslnas.report.reading import RunRecord
from dslnas.runs.folder import SPEC
from dslnas.source import SourceFile
from dslnas.space.architecture import Architecture
from dslnas.tasks.metric import Metric

ABSENT = "–"
"""Sign for a value that a run does not have."""

MOST_LINES = 8
"""Runs whose curves are drawn in one chart."""


@dataclass(frozen=True)
class Difference:
    """Something in which runs differ: its name, and by run its value as text."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Compared:
    """A result of all runs.

    Attributes:
        name: Its name for people.
        values: By run; None where it has none.
        best: The places of the best runs, where some are better than others.
    """

    name: str
    values: tuple[Number | None, ...]
    best: frozenset[int]


@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    Attributes:
        names: A name for each.
        spec: Differences of their specs.
        making: Differences of how they were made.
        cells: Differences of the cells that they found.
        architectures: The architectures that they found, as far as there are any.
        results: Their results.
        charts: Their curves, in one chart each.
    """

    names: tuple[str, ...]
    spec: tuple[Difference, ...]
    making: tuple[Difference, ...]
    cells: tuple[Difference, ...]
    architectures: tuple[Architecture | None, ...]
    results: tuple[Compared, ...]
    charts: tuple[Chart, ...]

    @property
    def found(self) -> tuple[tuple[str, Architecture], ...]:
        """The architectures, each with the name of its run."""
        pairs = zip(self.names, self.architectures, strict=False)
        return tuple((name, one) for name, one in pairs if one is not None)

    @property
    def tones(self) -> tuple[str, ...]:
        """All operations of the architectures, in the order in which they take colours."""
        edges = (edge for _, a in self.found for cell in a.cells.values() for edge in cell.edges)
        return tuple(dict.fromkeys(op.text for edge in edges for op in edge.operations))


def compare_runs(
    runs: Sequence[RunRecord], architectures: Sequence[Architecture | None] = ()
) -> Comparison:
    """Return runs side by side.

    Args:
        runs: Two runs at least.
        architectures: Those that they found, to draw them.
    """
    names = _names(runs)
    return Comparison(
        names,
        tuple(_differences([_spec_of(run) for run in runs])),
        tuple(_differences([_making_of(run) for run in runs])),
        tuple(_differences([_cells_of(run) for run in runs])),
        tuple(architectures),
        tuple(_results(runs)),
        tuple(_charts(runs, names)) if len(runs) <= MOST_LINES else (),
    )


def _names(runs: Sequence[RunRecord]) -> tuple[str, ...]:
    """Return the names of folders; whole paths where two are called the same."""
    short = [basename(realpath(run.path)) for run in runs]
    return tuple(short) if len(set(short)) == len(short) else tuple(str(run.path) for run in runs)


def _differences(facts: Sequence[Mapping[str, str]]) -> Iterator[Difference]:
    """Yield what is not the same in all, names with the same beginning together."""
    names = dict.fromkeys(name for each in facts for name in each)
    starts = list(dict.fromkeys(map(_start, names)))
    for name in sorted(names, key=lambda name: starts.index(_start(name))):
        values = tuple(each.get(name, ABSENT) for each in facts)
        if len(set(values)) > 1:
            yield Difference(name, values)


def _start(name: str) -> str:
    return name.partition(".")[0]


def _spec_of(run: RunRecord) -> dict[str, str]:
    """Return what a spec says: settings by their path, lines of cells, and other definitions."""
    source = SourceFile(str(run.path / SPEC), run.spec)
    with run.leaving_out():
        return {name: text for item in parse(source).items for name, text in _facts_of(item)}
    return {}


def _facts_of(item: ast.Item) -> Iterator[tuple[str, str]]:
    match item:
        case ast.Section(kind=kind, name=name, settings=settings):
            if name is not None:
                yield kind, name.text
            for setting in settings:
                values = ", ".join(map(format_expression, setting.values))
                yield f"{kind}.{setting.key.text}", values
        case ast.CellDef(name=name):
            head, *lines = format_item(item).splitlines()
            yield f"cell {name.text}", head.removesuffix("{").strip()
            for line in filter(str.strip, lines[:-1]):
                key, _, value = line.strip().partition(" ")
                if key == "node":
                    key, _, value = value.partition(" = ")
                yield f"cell {name.text}.{key}", value.strip()
        case _:
            text = " ".join(format_item(item).split())
            yield text.partition("=")[0].partition("(")[0].partition("{")[0].strip(), text


def _making_of(run: RunRecord) -> dict[str, str]:
    manifest = run.manifest
    facts = {"method": manifest.method or "none", "seed": str(manifest.seed)}
    facts |= {"status": manifest.status, "device": manifest.device}
    facts |= {"precision": manifest.precision, "execution": manifest.execution}
    facts |= {"passes": ", ".join(manifest.passes), "data hash": manifest.data_hash or ABSENT}
    return facts | manifest.machine | manifest.versions


def _cells_of(run: RunRecord) -> dict[str, str]:
    found = {
        f"{cell}.{node}": terms
        for cell, nodes in run.cells.items()
        for node, terms in nodes.items()
    }
    return found | {f"network.{name}": text for name, text in run.network.items()}


_Read: TypeAlias = Callable[[RunRecord], Number | None]


def _results(runs: Sequence[RunRecord]) -> Iterator[Compared]:
    """Yield the results that some run has, the metrics of their tasks first."""
    for name, higher, read in _quantities(runs):
        values = tuple(read(run) for run in runs)
        known = [number.value for number in values if number is not None]
        if known:
            best = max(known) if higher else min(known)
            differ = higher is not None and len(set(known)) > 1
            places = (n for n, v in enumerate(values) if differ and v and v.value == best)
            yield Compared(name, values, frozenset(places))


def _quantities(runs: Sequence[RunRecord]) -> Iterator[tuple[str, bool | None, _Read]]:
    """Yield results with whether more is better; None for metrics on data that are not the same."""
    data = {(run.manifest.settings.data.source, run.manifest.settings.data.path) for run in runs}
    metrics = {metric.name: metric for run in runs for metric in run.task.metrics}
    for metric in metrics.values():
        for part in ("test", "validation"):
            read = partial(_measure, part=part, metric=metric)
            higher = metric.higher_is_better if len(data) == 1 else None
            yield f"{part} {label_of(metric)}", higher, read
    yield "parameters", False, partial(_cost, entry="params", told=compact)
    yield "multiply-adds", False, partial(_cost, entry="flops", told=compact)
    yield "latency of one example", False, _latency
    yield "search", False, partial(_cost, entry="search_seconds", told=seconds)
    yield "training", False, partial(_cost, entry="retrain_seconds", told=seconds)


def _measure(run: RunRecord, part: str, metric: Metric) -> Number | None:
    name = f"{part}_{metric.name}"
    value = run.manifest.results.measures.get(name)
    return result(name, value, metric.format) if isinstance(value, int | float) else None


def _cost(run: RunRecord, entry: str, told: Callable[[float, str], Number]) -> Number | None:
    results = run.manifest.results
    if entry not in results.model_fields_set:
        return None
    return told(getattr(results, entry), in_manifest("results", entry))


def _latency(run: RunRecord) -> Number | None:
    latency = run.manifest.results.latency
    if latency is None:
        return None
    place, times = next(iter(latency.milliseconds.items()))
    source = in_manifest("results", "latency", "milliseconds", place, "median")
    return Number(times.median, f"{milliseconds(times.median)} ms", source)


def _charts(runs: Sequence[RunRecord], names: Sequence[str]) -> Iterator[Chart]:
    """Yield quality over the epochs of searches and of trainings, a line for every run."""
    for stage, charts_of in (("search", search_charts), ("training", training_charts)):
        found: dict[str, list[Chart]] = {}
        for run, name in zip(runs, names, strict=True):
            for chart in charts_of(run)[-1:]:
                line = chart.series[-1]
                title = f"{chart.title} in the {stage}, {line.name}"
                line = replace(line, name=name)
                found.setdefault(title, []).append(replace(chart, title=title, series=(line,)))
        for charts in found.values():
            lines = tuple(series for chart in charts for series in chart.series)
            yield replace(charts[0], series=lines)
