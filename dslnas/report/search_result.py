"""The result of a search: beside random architectures, and in the family that it is from."""

from __future__ import annotations

from dslnas.report.deployment import Table
from dslnas.report.figures.dots import Among, Dot, Dots
from dslnas.report.numbers import Number, Pieces, compact, in_manifest, in_metrics, label_of
from dslnas.report.reading import RunRecord
from dslnas.runs.family import criterion_of
from dslnas.tasks.catalogue import METRICS
from dslnas.tasks.metric import Metric, Shown
from dslnas.training.records import SearchCheck


def check_of(line: int, check: SearchCheck) -> tuple[Among, str]:
    """Return a result beside random architectures, with a sentence; `line`: that of the metrics."""
    metric = METRICS[check.metric]

    def number(value: float, *steps: str | int) -> Number:
        return Number(value, format(Shown(value), metric.format), in_metrics(line, *steps))

    others = tuple(number(value, "random", n) for n, value in enumerate(check.random))
    verb = "beats" if check.beats_random else "does not beat"
    told = (
        f"With the weights that the search shared, its result {verb} the median of "
        f"{len(others)} random architectures."
    )
    figure = Among(
        f"One-shot {label_of(metric)} of the result beside random architectures",
        number(check.found, "found"),
        others,
        number(check.median, "median"),
        percent=metric.format.endswith("%"),
    )
    return figure, told


def family_of(run: RunRecord) -> tuple[Dots | None, Table] | None:
    """Return quality against size of a family, and its table; None without one."""
    members, metric = run.manifest.results.family, run.task.metrics[0]
    if not members:
        return None
    criterion, dots, rows = criterion_of(run.task), [], []
    for number, member in enumerate(members):
        sizes = ", ".join(f"{cell} {count}" for cell, count in member.convolutions.items())
        source = ("results", "family", number)
        params = compact(member.params, in_manifest(*source, "params"))
        epoch = Number(member.epoch, str(member.epoch), in_manifest(*source, "epoch"))
        quality = _measured(member.measures.get(criterion), metric, in_manifest(*source, criterion))
        if quality is not None:
            dots.append(Dot(f"convolutions: {sizes}", params, quality))
        told: Pieces = () if quality is None else (quality,)
        rows.append(((sizes,), (epoch,), (params,), told, (member.file,)))
    label = f"supernet's {label_of(metric)}"
    plot = Dots("The family", "parameters", label, tuple(dots), metric.format.endswith("%"))
    table = Table(("convolutions", "epoch", "parameters", label, "file"), tuple(rows))
    return (plot if dots else None), table


def _measured(value: float | None, metric: Metric, source: str) -> Number | None:
    return None if value is None else Number(value, format(Shown(value), metric.format), source)
