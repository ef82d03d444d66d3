"""The place of every box and the way of every line, from left to right.

An engine is not used: igraph's is under the GPL; grandalf is no longer maintained; fast-sugiyama
takes all boxes for equally large, and has no wheels for systems older than 2021.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from dslnas.drawing.figure import Figure
from dslnas.drawing.layers import Layers, layers_of
from dslnas.drawing.rows import height_of, rows_of

_NEAR, _SLOPE, _FAR = 30.0, 0.22, 84.0
"""Pixels between columns: the least, how they grow with the longest way down, and the most."""


@dataclass(frozen=True)
class Place:
    """Where a box stands, or a line passes by, in its column.

    Attributes:
        left: Where its column begins.
        right: Where its column ends.
        y: Height of its middle.
    """

    left: float
    right: float
    y: float

    @property
    def x(self) -> float:
        """The middle of its column."""
        return (self.left + self.right) / 2

    def moved(self, right: float, down: float) -> Place:
        """Return it some pixels farther right and down."""
        return Place(self.left + right, self.right + right, self.y + down)


@dataclass(frozen=True)
class Layout:
    """A figure with places, in pixels from its top left corner.

    Attributes:
        places: By name of the box.
        ways: By line where it begins, passes by boxes, and ends; in a column it runs straight
            ahead.
    """

    places: Mapping[str, Place]
    ways: Mapping[tuple[str, str], tuple[Place, ...]]
    width: float
    height: float


def layout_of(figure: Figure) -> Layout:
    """Return the places of a figure: the same figure always has the same.

    Boxes never overlap one another, and no line runs through a box: it passes by them in a row of
    its own, and turns between the columns only.
    """
    layers = layers_of(figure)
    rows = rows_of(figure, layers)
    widths = [max(_width(figure, name) for name in column) for column in layers.columns]
    lefts = _lefts(layers, rows, widths)
    places = {
        name: Place(left, left + width, rows[name])
        for column, left, width in zip(layers.columns, lefts, widths, strict=True)
        for name in column
    }
    ways = {line: tuple(map(places.__getitem__, route)) for line, route in layers.routes.items()}
    boxes = {name: places[name] for name in figure.boxes}
    bottoms = [rows[name] + height_of(figure, name) / 2 for name in rows]
    right = lefts[-1] + widths[-1] if lefts else 0.0
    return Layout(boxes, ways, right, max(bottoms, default=0.0))


def _lefts(layers: Layers, rows: Mapping[str, float], widths: Sequence[float]) -> list[float]:
    """Return where columns begin: the farther lines go up or down, the wider the gap."""
    steps = []
    for (left, _), width in zip(pairwise(layers.columns), widths, strict=False):
        ways = (abs(rows[n] - rows[reader]) for n in left for reader in layers.graph.succ[n])
        gap = min(_FAR, _NEAR + _SLOPE * max(ways, default=0.0))
        steps.append(width + round(gap))
    return list(accumulate(steps, initial=0.0)) if layers.columns else []


def _width(figure: Figure, name: str) -> float:
    return figure.boxes[name].width if name in figure.boxes else 0.0
