"""Heat maps over time: a strip for every alternative of every choice, an epoch after the other."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from dslnas.report.figures.svg import element, figure, text, traced
from dslnas.report.numbers import Number

LEVELS = 16
"""Colours of a heat map, those of the page's classes `h0` to `h15`."""
MOST_EPOCHS = 80
"""Epochs in a strip; of more every second, third, ... is drawn."""
STRIP, GAP, APART = 18.0, 3.0, 9.0
LETTER = 6.7
HEAD = 24.0


@dataclass(frozen=True)
class Strip:
    """An alternative: its score after every epoch, None where it was out of the question.

    Attributes:
        name: The alternative.
        scores: By epoch, all of them.
        last: The last of the scores.
        is_chosen: Whether it was taken in the end.
    """

    name: str
    scores: tuple[float | None, ...]
    last: Number | None
    is_chosen: bool


@dataclass(frozen=True)
class Choice:
    """A row: what is chosen, the group it belongs to, and its alternatives."""

    name: str
    group: str
    strips: tuple[Strip, ...]


@dataclass(frozen=True)
class HeatMap:
    """Choices among the same alternatives.

    Attributes:
        title: Its heading.
        choices: At least one.
        low: The lowest score, of no colour.
        high: The highest, of the full one.
    """

    title: str
    choices: tuple[Choice, ...]
    low: float
    high: float

    @property
    def names(self) -> tuple[str, ...]:
        """The alternatives."""
        return tuple(strip.name for strip in self.choices[0].strips)


def heat_map(heat: HeatMap) -> Markup:
    """Return the heat map as a figure: within a strip time goes from left to right."""
    left = 14.0 + LETTER * max(len(choice.name) for choice in heat.choices)
    wide = max(66.0, 10.0 + LETTER * max(map(len, heat.names)))
    places = list(_places(heat.choices))
    height = places[-1] + STRIP + 6
    width = left + wide * len(heat.names)
    parts = [
        text(left + wide * (number + 0.5), HEAD - 9, name, anchor="middle", kind="tick")
        for number, name in enumerate(heat.names)
    ]
    squares: dict[int, list[str]] = defaultdict(list)
    frames = []
    for choice, y in zip(heat.choices, places, strict=True):
        parts.append(text(left - 8, y + STRIP / 2 + 4, choice.name, anchor="end", kind="label"))
        for number, strip in enumerate(choice.strips):
            x = left + wide * number + 2
            for level, path in _runs(strip, heat, x, y, wide - 4):
                squares[level].append(path)
            frames.append(_frame(choice, strip, x, y, wide - 4))
    parts += [element("path", d="".join(squares[n]), class_=f"h{n}") for n in sorted(squares)]
    return figure(width, height, f"{heat.title}, over the epochs", [*parts, *frames], "heat")


def _places(choices: Sequence[Choice]) -> Iterator[float]:
    """Yield the heights of rows, with room between groups."""
    y = HEAD
    for _, group in groupby(choices, key=lambda choice: choice.group):
        for _ in group:
            yield y
            y += STRIP + GAP
        y += APART


def _runs(
    strip: Strip, heat: HeatMap, left: float, top: float, width: float
) -> Iterator[tuple[int, str]]:
    """Yield level and path of every stretch of epochs of one colour."""
    every = -(-len(strip.scores) // MOST_EPOCHS)
    shown = strip.scores[(len(strip.scores) - 1) % every :: every]  # with the last
    step, x = width / len(shown), left
    for level, run in groupby(_level(score, heat) for score in shown):
        wide = step * len(list(run))
        if level is not None:
            yield level, f"M{x:.1f} {top:.1f}h{wide:.1f}v{STRIP:.0f}h{-wide:.1f}z"
        x += wide


def _level(score: float | None, heat: HeatMap) -> int | None:
    """Return the colour of a score; None if it was out of the question, or has overflowed."""
    if score is None or not math.isfinite(score):
        return None
    if heat.high <= heat.low:
        return LEVELS // 2
    share = (score / 2 - heat.low / 2) / (heat.high / 2 - heat.low / 2)  # no float is as wide
    return min(LEVELS - 1, max(0, int(share * LEVELS)))


def _frame(choice: Choice, strip: Strip, x: float, y: float, width: float) -> Markup:
    about = f"{strip.name} of {choice.name}"
    facts: Mapping[str, object] = {}
    if strip.last is None:
        title = element("title", f"{about}: out of the question")
    else:
        title, facts = traced(strip.last, f"{about}{', chosen' if strip.is_chosen else ''}")
    kind = "strip chosen" if strip.is_chosen else "strip"
    size = {"x": x, "y": y, "width": width, "height": STRIP}
    return element("rect", title, class_=kind, **size, **facts)
