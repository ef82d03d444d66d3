"""Numbers of a report: each with its text, and its place in the files of the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import TypeAlias

from dslnas.runs.folder import METRICS
from dslnas.runs.manifest import MANIFEST, Measure
from dslnas.tasks.metric import Metric, Row, Shown, ShownEach


@dataclass(frozen=True)
class Number:
    """A number as it is shown.

    Attributes:
        value: The number itself.
        text: The same as people read it.
        source: File and JSON pointer (RFC 6901) of the number, as in
            `manifest.json#/results/params`; of `metrics.jsonl` the pointer begins with the line,
            counted from 0. Empty for what follows from several numbers.
    """

    value: float
    text: str
    source: str = ""


Piece: TypeAlias = str | Number
Pieces: TypeAlias = tuple[Piece, ...]
"""A text, with its numbers by themselves."""


def in_manifest(*steps: str | int) -> str:
    """Return the source of a number in the manifest."""
    return f"{MANIFEST}#{_pointer(steps)}"


def in_metrics(line: int, *steps: str | int) -> str:
    """Return the source of a number in a line of the metrics, counted from 0."""
    return f"{METRICS}#{_pointer((line, *steps))}"


def _pointer(steps: Sequence[str | int]) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def label_of(metric: Metric) -> str:
    """Return the name of a metric for people."""
    return metric.label or metric.name.replace("_", " ")


def result(name: str, value: float, form: str) -> Number:
    """Return a number among the results of a run."""
    return Number(value, format(Shown(value), form), in_manifest("results", name))


def rows_filled(
    rows: Sequence[Row], measures: Mapping[str, Measure]
) -> Iterator[tuple[str, Pieces, Pieces]]:
    """Yield label, value and remark of a task's rows; those that lack a measure are left out."""
    for row in rows:
        try:
            yield row.label, _filled(row.value, measures), _filled(row.remark, measures)
        except (LookupError, TypeError, ValueError):
            continue


def _filled(text: str, measures: Mapping[str, Measure]) -> Pieces:
    return tuple(_pieces(text, measures))


def _pieces(text: str, measures: Mapping[str, Measure]) -> Iterator[Piece]:
    for literal, name, form, _ in Formatter().parse(text):
        if literal:
            yield literal
        if name is None:
            continue
        value = measures[name]
        if isinstance(value, dict):
            shares = {key: each for key, each in value.items() if isinstance(each, float)}
            yield format(ShownEach(shares), form or "")
        else:
            shown = Shown(value) if isinstance(value, float) else value
            yield Number(value, format(shown, form or ""), in_manifest("results", name))


def compact(value: float, source: str) -> Number:
    """Return a large count with three digits and its magnitude, as in 1.23 M."""
    for size, word in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= 0.9995 * size:
            return Number(value, f"{value / size:.3g} {word}", source)
    return Number(value, f"{value:g}", source)


def seconds(value: float, source: str) -> Number:
    """Return a time with its unit."""
    if value < 120:
        return Number(value, f"{value:.3g} s", source)
    if value < 7200:
        return Number(value, f"{value / 60:.3g} min", source)
    return Number(value, f"{value / 3600:.3g} h", source)
