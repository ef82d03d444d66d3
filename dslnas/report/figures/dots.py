"""Dots of two numbers each: size against quality, and one result among others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from dslnas.report.figures.axis import tick_text, ticks
from dslnas.report.figures.svg import element, figure, polyline, text, traced
from dslnas.report.numbers import Number

NEAR = 120.0
"""Pixels between two marks whose names would collide."""
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480.0, 260.0, 60.0, 24.0, 20.0, 44.0


@dataclass(frozen=True)
class Dot:
    """A point with a name."""

    name: str
    x: Number
    y: Number


@dataclass(frozen=True)
class Dots:
    """A scatter plot.

    Attributes:
        title: Its heading.
        x: Name of the axis below.
        y: Name of the axis at the left.
        dots: At least one.
        percent: Whether y is a share.
    """

    title: str
    x: str
    y: str
    dots: tuple[Dot, ...]
    percent: bool = False


def dot_plot(data: Dots) -> Markup:
    """Return dots, joined in the order in which they are given, as a figure."""
    across = ticks(min(d.x.value for d in data.dots), max(d.x.value for d in data.dots))
    up = ticks(min(d.y.value for d in data.dots), max(d.y.value for d in data.dots))

    def place(x: float, y: float) -> tuple[float, float]:
        right = (x - across[0]) / (across[-1] - across[0]) * (WIDTH - LEFT - RIGHT)
        above = (y - up[0]) / (up[-1] - up[0]) * (HEIGHT - TOP - BOTTOM)
        return LEFT + right, HEIGHT - BOTTOM - above

    def parts() -> Iterator[Markup]:
        for tick in up:
            _, y = place(across[0], tick)
            yield element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid")
            words = tick_text(tick, up, percent=data.percent)
            yield text(LEFT - 7, y + 4, words, anchor="end", kind="tick")
        for tick in across:
            x, y = place(tick, up[0])
            yield text(x, y + 17, tick_text(tick, across), anchor="middle", kind="tick")
        yield text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, data.x, anchor="middle", kind="tick")
        yield text(4, 11, data.y, kind="tick")
        places = [place(dot.x.value, dot.y.value) for dot in data.dots]
        yield polyline(places, "line thin s0")
        for dot, (x, y) in zip(data.dots, places, strict=True):
            title, facts = traced(dot.y, f"{dot.name}, {data.x} {dot.x.text}")
            yield element("circle", title, cx=x, cy=y, r=5.0, class_="dot s0", **facts)

    return figure(WIDTH, HEIGHT, f"{data.title}: {data.y} against {data.x}", parts(), "dots")


@dataclass(frozen=True)
class Among:
    """One result among others, on one axis.

    Attributes:
        title: Its heading.
        found: The result.
        others: Those that it is compared with.
        median: Median of the others.
        percent: Whether the numbers are shares.
    """

    title: str
    found: Number
    others: tuple[Number, ...]
    median: Number
    percent: bool = False


def among(data: Among) -> Markup:
    """Return the result and the others as dots on a line, as a figure."""
    values = [data.found.value, *(other.value for other in data.others)]
    across = ticks(min(values), max(values))
    left, right, line = 24.0, WIDTH - 24.0, 62.0

    def place(value: float) -> float:
        return left + (value - across[0]) / (across[-1] - across[0]) * (right - left)

    def parts() -> Iterator[Markup]:
        yield element("line", x1=left, x2=right, y1=line, y2=line, class_="grid")
        for tick in across:
            words = tick_text(tick, across, percent=data.percent)
            yield text(place(tick), line + 26, words, anchor="middle", kind="tick")
        for other in data.others:
            title, facts = traced(other, "random architecture")
            x = place(other.value)
            yield element("circle", title, cx=x, cy=line, r=5.0, class_="dot other", **facts)
        x, (title, facts) = place(data.median.value), traced(data.median, "median of them")
        ends = {"x1": x, "x2": x, "y1": line - 26, "y2": line + 9}
        yield element("line", title, class_="bound", **ends, **facts)
        yield text(x, line - 31, f"median {data.median.text}", anchor=_anchor(x), kind="tick")
        x, (title, facts) = place(data.found.value), traced(data.found, "result of the search")
        yield element("circle", title, cx=x, cy=line, r=7.0, class_="dot s0", **facts)
        is_near = abs(x - place(data.median.value)) < NEAR
        above = 50 if is_near else 14
        yield text(x, line - above, f"result {data.found.text}", anchor=_anchor(x), kind="name s0")

    return figure(WIDTH, 96.0, data.title, parts(), "dots")


def _anchor(x: float) -> str:
    """Return which end of a text stays at x, so that it stays within the figure."""
    return "start" if x < WIDTH / 3 else "end" if x > 2 * WIDTH / 3 else "middle"
