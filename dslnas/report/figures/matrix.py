"""Confusion matrices: which class was taken for which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from dslnas.report.figures.heat import LEVELS
from dslnas.report.figures.svg import element, figure, text, traced
from dslnas.report.numbers import Number

MOST_CLASSES = 30
"""Classes up to which a matrix is drawn."""
LETTER = 6.7
LONGEST = 16
"""Letters of a class that are shown."""


@dataclass(frozen=True)
class Matrix:
    """Counts by what is true and by what was said, of the pairs that occur.

    Attributes:
        names: The classes, in order.
        counts: By pair, true class first.
    """

    names: tuple[str, ...]
    counts: Mapping[tuple[str, str], Number]


def matrix(data: Matrix) -> Markup:
    """Return the matrix as a figure: a row for every true class, a column for every answer."""
    size = 36.0 if len(data.names) <= 12 else 26.0
    shown = [_short(name) for name in data.names]
    longest = LETTER * max(map(len, shown))
    left, top = 30.0 + longest, 36.0 + (longest if longest > size else 14.0)
    parts = [
        element(
            "text",
            "true class",
            transform=f"translate(13 {top + size * len(shown) / 2:.1f}) rotate(-90)",
            text_anchor="middle",
            class_="tick",
        ),
        text(left + size * len(shown) / 2, 14, "taken for", anchor="middle", kind="tick"),
    ]
    totals = {
        name: sum(n.value for (true, _), n in data.counts.items() if true == name)
        for name in data.names
    }
    for row, true in enumerate(data.names):
        y = top + row * size
        parts.append(text(left - 7, y + size / 2 + 4, shown[row], anchor="end", kind="label"))
        parts.append(_heading(shown[row], left + (row + 0.5) * size, top - 8, longest > size))
        for column, said in enumerate(data.names):
            count = data.counts.get((true, said))
            parts += _cell(left + column * size, y, size, count, true, said, totals[true])
    width, height = left + size * len(shown) + 4, top + size * len(shown) + 4
    return figure(width, height, "Confusion matrix of the test part", parts, "matrix")


def _cell(
    x: float, y: float, size: float, count: Number | None, true: str, said: str, total: float
) -> list[Markup]:
    where = {"x": x + 1, "y": y + 1, "width": size - 2, "height": size - 2}
    if count is None:
        return [element("rect", class_="none", **where)]
    level = min(LEVELS - 1, int((count.value / total) ** 0.5 * LEVELS)) if total else 0
    kind = f"{'right' if true == said else 'wrong'} {'h' if true == said else 'w'}{level}"
    title, facts = traced(count, f"{true} taken for {said}")
    ink = "on" if level > LEVELS // 2 else "off"
    return [
        element("rect", title, class_=kind, **where, **facts),
        text(x + size / 2, y + size / 2 + 4, count.text, anchor="middle", kind=f"count {ink}"),
    ]


def _heading(name: str, x: float, y: float, is_turned: bool) -> Markup:
    if is_turned:
        turn = f"translate({x + 4:.1f} {y:.1f}) rotate(-90)"
        return element("text", name, transform=turn, class_="label")
    return text(x, y, name, anchor="middle", kind="label")


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
