"""The heights of boxes and bends: lines as straight as the order in the columns lets them be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from math import inf
from typing import TYPE_CHECKING, TypeAlias

from dslnas.drawing.figure import Figure
from dslnas.drawing.layers import Layers

if TYPE_CHECKING:
    import networkx as nx

_ROUNDS, _STILL = 400, 0.2
"""How often columns move at most, and how many pixels are no move."""
_MOVES = 200_000
"""Moves of single boxes and bends at most: a drawing of thousands is not read line by line."""
_BOX_GAP, _BEND_GAP = 12.0, 9.0
_BEND_HEIGHT = 2.0
_TURN = 8.0
"""Pixels of way down that a line makes to save a turn."""
_PASSES, _AIMS = 4, 24
"""How often chains are straightened, and about how many heights each is tried at."""
_NUDGE = 5.0
"""Pixels that the label of a short line moves to lie on it; farther, lines fan out evenly."""


def rows_of(figure: Figure, layers: Layers) -> dict[str, float]:
    """Return by box and bend the height of its middle, in whole pixels from the top.

    First all move so that the squares of the ways down become least, with the order and the gaps in
    every column as they are: column by column, an isotonic regression each. That leaves long lines
    a little of the way in every column; then each takes it in as few turns as it can.
    """
    columns = [_Column(figure, column, layers.graph) for column in layers.columns]
    rows = {name: row for column in columns for name, row in column.packed()}
    for number in range(min(_ROUNDS, _MOVES // max(1, len(rows)))):
        before = dict(rows)
        for column in columns if number % 2 == 0 else reversed(columns):
            rows |= column.settled(rows)
        if max((abs(rows[name] - before[name]) for name in rows), default=0.0) < _STILL:
            break
    slack = {name: rooms for column in columns for name, rooms in column.slack()}
    chains = [*_chains(figure, layers.graph)]
    for _ in range(_PASSES):
        before = dict(rows)
        for chain, reach in chains:
            _straighten(chain, rows, slack, reach)
        if rows == before:
            break
    top = min((rows[name] - height_of(figure, name) / 2 for name in rows), default=0.0)
    return {name: float(round(row - top)) for name, row in rows.items()}


def height_of(figure: Figure, name: str) -> float:
    """Return the pixels that a box or a bend takes in its column."""
    return figure.boxes[name].height if name in figure.boxes else _BEND_HEIGHT


_Neighbour: TypeAlias = tuple[str, float] | None
"""The next one above or below, and how near it may be; None at the end of a column."""


class _Column:
    """Boxes and bends of a column, which move up and down together."""

    def __init__(self, figure: Figure, names: Sequence[str], graph: nx.DiGraph[str]) -> None:
        self._names = names
        steps = (
            (height_of(figure, upper) + height_of(figure, lower)) / 2 + _gap(figure, upper, lower)
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
        self._weights = [sum(pull for _, pull in pulls) for pulls in self._pulls]

    def packed(self) -> list[tuple[str, float]]:
        """Return the heights where all stand as near as they may, around 0."""
        middle = self._offsets[-1] / 2
        return [(n, offset - middle) for n, offset in zip(self._names, self._offsets, strict=True)]

    def slack(self) -> Iterator[tuple[str, tuple[_Neighbour, _Neighbour]]]:
        """Yield every name with what stands above and below, and how near each may be."""
        steps = [later - former for former, later in pairwise(self._offsets)]
        above = [None, *zip(self._names, steps, strict=False)]
        below = [*zip(self._names[1:], steps, strict=True), None]
        yield from zip(self._names, zip(above, below, strict=True), strict=True)

    def settled(self, rows: Mapping[str, float]) -> dict[str, float]:
        """Return the heights nearest to those of the neighbours, which stay where they are."""
        wanted = [
            (sum([rows[other] * pull for other, pull in pulls]) / weight if pulls else rows[name])
            - offset
            for name, offset, pulls, weight in zip(
                self._names, self._offsets, self._pulls, self._weights, strict=True
            )
        ]
        values = _isotonic(wanted, [weight or 1e-3 for weight in self._weights])
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


def _chains(figure: Figure, graph: nx.DiGraph[str]) -> Iterator[tuple[list[str], float]]:
    """Yield the ways from box to box that do not branch, and how far each may move."""
    through = {name for name in graph if graph.in_degree(name) == graph.out_degree(name) == 1}
    for source, first in graph.edges:
        if source in through or first not in through:
            continue
        chain = [source, first]
        while chain[-1] in through:
            chain += graph.succ[chain[-1]]
        is_short = len(chain) == 3 and chain[1] in figure.boxes
        yield chain, _NUDGE if is_short else inf


def _straighten(
    chain: Sequence[str],
    rows: dict[str, float],
    slack: Mapping[str, tuple[_Neighbour, _Neighbour]],
    reach: float,
) -> None:
    """Move the inner ones of a chain to heights with the fewest turns, as far as there is room."""
    now = [rows[name] for name in chain[1:-1]]
    ends = rows[chain[0]], rows[chain[-1]]
    if _effort([ends[0], *now, ends[1]]) <= _effort(ends):  # no way has less
        return
    bounds = [_bounds(name, rows, slack) for name in chain[1:-1]]
    finite = [bound for pair in bounds for bound in pair if abs(bound) != inf]
    options = (
        [low if aim < low else high if aim > high else aim for low, high in bounds]
        for aim in dict.fromkeys((*ends, *finite[:: 1 + len(finite) // _AIMS]))
    )
    near = (
        option
        for option in options
        if reach == inf
        or all(abs(new - old) <= reach for new, old in zip(option, now, strict=True))
    )
    best = min((now, *near), key=lambda inner: _effort([ends[0], *inner, ends[1]]))
    rows |= zip(chain[1:-1], best, strict=True)


def _bounds(
    name: str, rows: Mapping[str, float], slack: Mapping[str, tuple[_Neighbour, _Neighbour]]
) -> tuple[float, float]:
    above, below = slack[name]
    low = -inf if above is None else rows[above[0]] + above[1]
    high = inf if below is None else rows[below[0]] - below[1]
    return low, max(low, high)


def _effort(heights: Sequence[float]) -> float:
    ways = [abs(one - other) for one, other in pairwise(heights)]
    return sum(ways) + _TURN * len([way for way in ways if way > _STILL])
