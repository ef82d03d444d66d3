"""Curves of a run over its epochs: losses, metrics, and the state of the search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite

from dslnas.report.figures.lines import Chart, Series
from dslnas.report.numbers import Number, in_metrics, label_of
from dslnas.report.reading import RunRecord
from dslnas.space.cell_stats import COLLAPSED
from dslnas.tasks.metric import Metric, Shown
from dslnas.training.records import DERIVED, VALIDATION, EpochRecord

Lines = Sequence[tuple[int, EpochRecord]]
"""Epochs of a stage, each with the number of its line in the metrics."""


def search_charts(run: RunRecord) -> tuple[Chart, ...]:
    """Return the curves of a search."""
    lines, metric = run.epochs("search"), run.task.metrics[0]
    losses = {
        "training": "train_loss",
        "architecture": "architecture_loss",
        "validation": "validation_loss",
        "one-shot": "derived_loss",
    }
    of = {"supernet": f"{VALIDATION}{metric.name}", "one-shot": f"{DERIVED}{metric.name}"}
    return tuple(_present([_losses(lines, losses), _quality(lines, metric, of)]))


def monitor_charts(run: RunRecord) -> tuple[Chart, ...]:
    """Return how a search stood: what tells whether it collapses, decides, or stands still."""
    lines = run.epochs("search")
    return tuple(
        _present(
            [
                Chart(
                    "Skip connections",
                    _by_name(lines, "skip_share", ".0%"),
                    "Share of the edges of the derived cell: half of them are a collapse.",
                    percent=True,
                    bound=(COLLAPSED, "collapsed"),
                    bounds=(0.0, 1.0),
                ),
                Chart(
                    "Entropy",
                    _by_name(lines, "entropy", ".4f"),
                    "Of the operations' probabilities: 1 where all are alike, 0 where decided.",
                ),
                Chart(
                    "Change of alpha",
                    _by_name(lines, "alpha_change", ".3g"),
                    "Root mean square of what the entries changed by in an epoch.",
                ),
                Chart(
                    "Eigenvalue",
                    tuple(_series(lines, {"dominant": "eigenvalue"}, ".4g")),
                    "Of the Hessian in alpha: at sharp minima deriving loses most.",
                ),
                Chart(
                    "Stopped operations",
                    tuple(_series(lines, {"stopped": "stopped_operations"}, "d")),
                    "Operations of the supernet whose weights no longer learn.",
                ),
            ]
        )
    )


def training_charts(run: RunRecord) -> tuple[Chart, ...]:
    """Return the curves of the training from scratch."""
    lines, metric = run.epochs("retrain"), run.task.metrics[0]
    losses = {"training": "train_loss", "validation": "validation_loss"}
    of = {"validation": f"{VALIDATION}{metric.name}"}
    return tuple(_present([_losses(lines, losses), _quality(lines, metric, of)]))


def _losses(lines: Lines, names: Mapping[str, str]) -> Chart:
    return Chart("Loss", tuple(_series(lines, names, ".4f")))


def _quality(lines: Lines, metric: Metric, names: Mapping[str, str]) -> Chart:
    label = label_of(metric)
    direction = "higher" if metric.higher_is_better else "lower"
    return Chart(
        label[0].upper() + label[1:],
        tuple(_series(lines, names, metric.format)),
        f"On the validation part; {direction} is better.",
        percent=metric.format.endswith("%"),
    )


def _present(charts: Sequence[Chart]) -> Iterator[Chart]:
    return (chart for chart in charts if chart.series)


def _series(lines: Lines, names: Mapping[str, str], form: str) -> Iterator[Series]:
    """Yield a series for every entry that is there, by its name; a network may have overflowed."""
    for name, entry in names.items():
        points = tuple(
            (record.epoch, _number(value, form, number, entry))
            for number, record in lines
            if isinstance(value := record.as_json().get(entry), int | float) and isfinite(value)
        )
        if points:
            yield Series(name, points)


def _by_name(lines: Lines, entry: str, form: str) -> tuple[Series, ...]:
    """Return a series for every cell, or whatever an entry has a number of."""
    found: dict[str, list[tuple[int, Number]]] = {}
    for number, record in lines:
        for name, value in filter(_is_finite, (getattr(record, entry) or {}).items()):
            point = record.epoch, _number(value, form, number, entry, name)
            found.setdefault(name, []).append(point)
    return tuple(Series(name, tuple(points)) for name, points in found.items())


def _is_finite(entry: tuple[str, float]) -> bool:
    return isfinite(entry[1])


def _number(value: float, form: str, line: int, *steps: str) -> Number:
    shown = Shown(value) if isinstance(value, float) else value
    return Number(value, format(shown, form), in_metrics(line, *steps))
