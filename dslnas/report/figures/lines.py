"""Line charts: series over epochs, each named at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dslnas.report.figures.axis import epoch_ticks, tick_text, ticks
from dslnas.report.figures.svg import element, figure, polyline, text, traced
from dslnas.report.numbers import Number

WIDTH, HEIGHT = 480.0, 260.0
LEFT, TOP, BOTTOM = 52.0, 14.0, 40.0
LETTER = 6.9
"""Width of a letter of a name, in pixels."""
LINE = 15.0
"""Least distance of two names."""
MOST_DOTS = 24
"""Dots on a line; more are seen only where one points at them."""


@dataclass(frozen=True)
class Series:
    """A line: its name, and by epoch a number."""

    name: str
    points: tuple[tuple[int, Number], ...]


@dataclass(frozen=True)
class Chart:
    """A chart of some series.

    Attributes:
        title: Its heading.
        series: At least one, each of one point at least.
        about: A sentence below it.
        percent: Whether the numbers are shares.
        bound: A line across at this height, with its name.
        bounds: Range that the axis covers at least; None for that of the numbers.
    """

    title: str
    series: tuple[Series, ...]
    about: str = ""
    percent: bool = False
    bound: tuple[float, str] | None = None
    bounds: tuple[float, float] | None = None


def line_chart(chart: Chart) -> Markup:
    """Return the chart as a figure."""
    return _Chart(chart).figure()


class _Chart:
    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        values = [n.value for series in chart.series for _, n in series.points]
        values += [*(chart.bounds or ()), *([chart.bound[0]] if chart.bound else [])]
        self._ticks = ticks(min(values), max(values))
        self._last = max(epoch for series in chart.series for epoch, _ in series.points)
        self._first = min(epoch for series in chart.series for epoch, _ in series.points)
        names = [series.name for series in chart.series]
        self._right = WIDTH - 14.0 - LETTER * max(map(len, names))

    def figure(self) -> Markup:
        chart = self._chart
        names = ", ".join(series.name for series in chart.series)
        parts = [*self._axes(), *self._bound()]
        for number, series in enumerate(chart.series):
            parts += self._series(number, series)
        parts += self._names()
        return figure(WIDTH, HEIGHT, f"{chart.title} by epoch: {names}", parts, "lines")

    def _x(self, epoch: float) -> float:
        if self._last == self._first:
            return (LEFT + self._right) / 2
        return LEFT + (epoch - self._first) / (self._last - self._first) * (self._right - LEFT)

    def _y(self, value: float) -> float:
        low, high = self._ticks[0], self._ticks[-1]
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - BOTTOM - TOP)

    def _axes(self) -> Iterator[Markup]:
        for tick in self._ticks:
            y = self._y(tick)
            yield element("line", x1=LEFT, x2=self._right, y1=y, y2=y, class_="grid")
            words = tick_text(tick, self._ticks, percent=self._chart.percent)
            yield text(LEFT - 7, y + 4, words, anchor="end", kind="tick")
        bottom = HEIGHT - BOTTOM
        for epoch in epoch_ticks(self._last):
            if epoch >= self._first:
                yield text(self._x(epoch), bottom + 17, str(epoch), anchor="middle", kind="tick")
        yield text((LEFT + self._right) / 2, HEIGHT - 5, "epoch", anchor="middle", kind="tick")

    def _bound(self) -> Iterator[Markup]:
        if self._chart.bound is not None:
            value, name = self._chart.bound
            y = self._y(value)
            yield element("line", x1=LEFT, x2=self._right, y1=y, y2=y, class_="bound")
            yield text(LEFT + 4, y - 4, name, kind="tick")

    def _series(self, number: int, series: Series) -> Iterator[Markup]:
        places = [(self._x(epoch), self._y(n.value)) for epoch, n in series.points]
        if len(places) > 1:
            yield polyline(places, f"line s{number}")
        kind = "dot" if len(places) <= MOST_DOTS else "dot faint"
        for (x, y), (epoch, value) in zip(places, series.points, strict=True):
            title, facts = traced(value, f"{series.name}, epoch {epoch}")
            yield element("circle", title, cx=x, cy=y, r=2.6, class_=f"{kind} s{number}", **facts)

    def _names(self) -> Iterator[Markup]:
        """Yield the names behind the ends of the lines, moved apart where they would collide."""
        series = self._chart.series
        ends = sorted((self._y(s.points[-1][1].value), number) for number, s in enumerate(series))
        heights = _apart([y for y, _ in ends], TOP, HEIGHT - BOTTOM)
        for y, (_, number) in zip(heights, ends, strict=True):
            yield text(self._right + 9, y + 4, series[number].name, kind=f"name s{number}")


def _apart(heights: Sequence[float], top: float, bottom: float) -> list[float]:
    """Return sorted heights, moved `LINE` apart, and within bounds if they fit there."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + LINE if placed else top))
    limit = bottom
    for number in reversed(range(len(placed))):
        placed[number] = min(placed[number], limit)
        limit = placed[number] - LINE
    return placed
