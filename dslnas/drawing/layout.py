"""The place of every box and the way of every line, from left to right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import networkx as nx

from dslnas.drawing.figure import Box, Figure
from dslnas.drawing.layers import Layers, layers_of

_ROUNDS = 600
_BOX_GAP, _BEND_GAP = 12.0, 9.0
_BEND_HEIGHT = 2.0
_NEAR, _SLOPE, _FAR = 30.0, 0.22, 84.0
"""Pixels between columns: the least, how they grow with the longest way down, and the most."""


@dataclass(frozen=True)
class Place:
    """The middle of a box."""

    x: float
    y: float


@dataclass(frozen=True)
class Passage:
    """Where a line passes by a column, from its left to its right, straight ahead."""

    left: float
    right: float
    y: float


@dataclass(frozen=True)
class Layout:
    """A figure with places, in pixels from its top left corner.

    Attributes:
        places: By name of the box.
        ways: By line the passages that it goes through between its ends.
    """

    places: Mapping[str, Place]
    ways: Mapping[tuple[str, str], tuple[Passage, ...]]
    width: float
    height: float


def layout_of(figure: Figure) -> Layout:
    """Return the places of a figure: the same figure always has the same.

    Boxes never overlap one another, and no line runs through a box: it passes by them in a row of
    its own, and turns between the columns only.
    """
    layers = layers_of(figure)
    rows = _rows(figure, layers)
    widths = [max(_width(figure, name) for name in column) for column in layers.columns]
    lefts = _lefts(layers, rows, widths)
    places, bends = {}, {}
    for column, left, width in zip(layers.columns, lefts, widths, strict=True):
        for name in column:
            if name in figure.boxes:
                places[name] = Place(left + width / 2, rows[name])
            else:
                bends[name] = Passage(left, left + width, rows[name])
    ways = {
        line: tuple(bends[name] for name in route[1:-1]) for line, route in layers.routes.items()
    }
    bottoms = [rows[name] + _height(figure, name) / 2 for name in rows]
    right = lefts[-1] + widths[-1] if lefts else 0.0
    return Layout(places, ways, right, max(bottoms, default=0.0))


def _lefts(layers: Layers, rows: Mapping[str, float], widths: Sequence[float]) -> list[float]:
    """Return where columns begin: the farther lines go up or down, the wider the gap."""
    steps = []
    for (left, _), width in zip(pairwise(layers.columns), widths, strict=False):
        ways = (abs(rows[n] - rows[reader]) for n in left for reader in layers.graph.succ[n])
        gap = min(_FAR, _NEAR + _SLOPE * max(ways, default=0.0))
        steps.append(width + round(gap))
    return list(accumulate(steps, initial=0.0)) if layers.columns else []


def _rows(figure: Figure, layers: Layers) -> dict[str, float]:
    """Return the heights at which the middles of boxes and bends lie.

    They minimise the squares of the ways down, the order in each column and its gaps given, column
    by column until little moves: every column is an isotonic regression.
    """
    columns = [_Column(figure, column, layers.graph) for column in layers.columns]
    rows = {name: row for column in columns for name, row in column.packed()}
    for number in range(_ROUNDS):
        for column in columns if number % 2 == 0 else reversed(columns):
            rows |= column.settled(rows)
    top = min((rows[name] - _height(figure, name) / 2 for name in rows), default=0.0)
    return {name: round(row - top) for name, row in rows.items()}


class _Column:
    """Boxes and bends of a column, which move up and down together."""

    def __init__(self, figure: Figure, names: Sequence[str], graph: nx.DiGraph[str]) -> None:
        self._names = names
        steps = (
            (_height(figure, upper) + _height(figure, lower)) / 2 + _gap(figure, upper, lower)
            for upper, lower in pairwise(names)
        )
        self._offsets = list(accumulate(steps, initial=0.0))
        self._pulls = [
            [
                (other, _pull(figure, name, other))
                for other in (*graph.pred[name], *graph.succ[name])
            ]
            for name in names
        ]

    def packed(self) -> list[tuple[str, float]]:
        """Return the heights where all stand as near as they may, around 0."""
        middle = self._offsets[-1] / 2
        return [(n, offset - middle) for n, offset in zip(self._names, self._offsets, strict=True)]

    def settled(self, rows: Mapping[str, float]) -> dict[str, float]:
        """Return the heights nearest to those of the neighbours, which stay where they are."""
        wanted, weights = [], []
        for name, offset, pulls in zip(self._names, self._offsets, self._pulls, strict=True):
            weight = sum(pull for _, pull in pulls)
            mean = (
                sum(rows[other] * pull for other, pull in pulls) / weight if pulls else rows[name]
            )
            wanted.append(mean - offset)
            weights.append(weight if pulls else 1e-3)
        values = _isotonic(wanted, weights)
        return {
            name: value + offset
            for name, value, offset in zip(self._names, values, self._offsets, strict=True)
        }


def _isotonic(wanted: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the rising numbers nearest to some others (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for mean, weight in zip(wanted, weights, strict=True):
        many = 1
        while pools and pools[-1][0] > mean:
            last, heavy, more = pools.pop()
            mean = (last * heavy + mean * weight) / (heavy + weight)
            weight, many = heavy + weight, more + many
        pools.append((mean, weight, many))
    return [mean for mean, _, many in pools for _ in range(many)]


def _pull(figure: Figure, name: str, other: str) -> float:
    """Return how much a line wants to be straight: most where it has no box to bend at."""
    bends = (name not in figure.boxes) + (other not in figure.boxes)
    is_label = any(n in figure.boxes and figure.boxes[n].role.is_label for n in (name, other))
    return (2.0 if is_label else 1.0, 2.0, 8.0)[bends]


def _gap(figure: Figure, upper: str, lower: str) -> float:
    is_open = upper in figure.boxes and lower in figure.boxes
    return _BOX_GAP if is_open else _BEND_GAP


def _box(figure: Figure, name: str) -> Box | None:
    return figure.boxes.get(name)


def _height(figure: Figure, name: str) -> float:
    box = _box(figure, name)
    return _BEND_HEIGHT if box is None else box.height


def _width(figure: Figure, name: str) -> float:
    box = _box(figure, name)
    return 0.0 if box is None else box.width
