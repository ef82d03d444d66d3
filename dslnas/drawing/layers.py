"""Boxes in columns: which column each stands in, and in which order, so that few lines cross.

The method is that of Sugiyama, Tagawa and Toda (1981). A line that passes by columns has a bend in
each of them, so that it takes some room there and never runs through a box.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from random import Random

import networkx as nx

from dslnas.drawing.figure import Figure

_PATIENCE = 4
"""Ways through all columns in vain after which an order is given up."""
_STARTS, _LARGE = 6, 400
"""Shuffled orders to begin with, and the boxes and bends from which on there are none."""
_ROW = 30.0
"""Pixels that one more box in a column costs, when a label chooses its column."""


@dataclass(frozen=True)
class Layers:
    """Boxes and bends in columns, in order from top to bottom.

    Attributes:
        columns: Names of boxes and bends.
        graph: The lines between neighbouring columns.
        routes: For every line of the figure the boxes and bends that it goes through.
    """

    columns: tuple[tuple[str, ...], ...]
    graph: nx.DiGraph[str]
    routes: Mapping[tuple[str, str], tuple[str, ...]]


def layers_of(figure: Figure) -> Layers:
    """Return the boxes of a figure in columns."""
    ranks = _ranks(figure)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(figure.graph)
    routes = {}
    for source, target in figure.graph.edges:
        between = range(ranks[source] + 1, ranks[target])
        bends = [f"{source}\0{target}\0{rank}" for rank in between]
        ranks |= dict(zip(bends, between, strict=True))
        routes[source, target] = (source, *bends, target)
        nx.add_path(graph, routes[source, target])
    columns: list[list[str]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for name in graph:
        columns[ranks[name]].append(name)
    return Layers(tuple(map(tuple, _ordered(columns, graph))), graph, routes)


def _ranks(figure: Figure) -> dict[str, int]:
    """Return the column of every box: as early as it can be, labels where there is most room."""
    ranks = {
        name: rank
        for rank, names in enumerate(nx.topological_generations(figure.graph))
        for name in names
    }
    boxes = figure.boxes
    loads = [0.0] * (len(ranks) and max(ranks.values()) + 1)
    widths = list(loads)
    free = []
    for name, rank in ranks.items():
        last = min((ranks[reader] for reader in figure.graph.successors(name)), default=rank + 1)
        if boxes[name].role.is_label and last > rank + 1:
            free.append((last - rank, name, range(last - 1, rank - 1, -1)))
        else:
            loads[rank] += _ROW
            widths[rank] = max(widths[rank], boxes[name].width)
    for _, name, possible in sorted(free, key=lambda each: each[0]):
        width = boxes[name].width
        best = min(possible, key=lambda r: loads[r] + 2 * max(0.0, width - widths[r]))
        ranks[name] = best
        loads[best] += _ROW
        widths[best] = max(widths[best], width)
    return ranks


def _ordered(columns: list[list[str]], graph: nx.DiGraph[str]) -> list[list[str]]:
    """Return columns in the best order that is found from several starts.

    Of orders that are as good, the one most like the order of the figure is taken, from the first
    column on: the same figure always has the same.
    """
    given = {name: place for column in columns for place, name in enumerate(column)}

    def turned(order: list[list[str]]) -> list[int]:
        return [_turned([given[name] for name in column]) for column in order]

    starts = [columns]
    if len(graph) < _LARGE:
        random = Random(0)
        starts += [[random.sample(c, len(c)) for c in columns] for _ in range(_STARTS)]
    tried = [order for start in starts for order in _improved(start, graph)]
    return min(tried, key=lambda order: (_all_crossings(order, graph), turned(order)))


def _improved(
    columns: list[list[str]], graph: nx.DiGraph[str]
) -> tuple[list[list[str]], list[list[str]]]:
    """Return the best order met by going to and fro through the columns, and it upside down."""
    best, fewest, met = columns, _all_crossings(columns, graph), 0
    for sweep in count(1):
        columns = _exchanged(_swept(columns, graph, is_forward=sweep % 2 == 1), graph)
        crossings = _all_crossings(columns, graph)
        if crossings < fewest:
            best, fewest, met = columns, crossings, sweep
        if sweep - met == _PATIENCE:
            break
    return best, [column[::-1] for column in best]


def _swept(
    columns: list[list[str]], graph: nx.DiGraph[str], *, is_forward: bool
) -> list[list[str]]:
    """Return columns of which each is sorted by the mean places of its neighbours."""
    neighbours = graph.predecessors if is_forward else graph.successors
    order = columns if is_forward else columns[::-1]
    done = [order[0]]
    for column in order[1:]:
        places = {name: place for place, name in enumerate(done[-1])}
        near = [[places[other] for other in neighbours(name)] for name in column]
        moving = sorted(
            (sum(those) / len(those), place, name)
            for place, (name, those) in enumerate(zip(column, near, strict=True))
            if those
        )
        names = (name for _, _, name in moving)  # what has no neighbours keeps its place
        done.append([next(names) if those else n for n, those in zip(column, near, strict=True)])
    return done if is_forward else done[::-1]


def _exchanged(columns: list[list[str]], graph: nx.DiGraph[str]) -> list[list[str]]:
    """Return columns in which no two neighbours would cross fewer lines the other way round."""
    result = [list(column) for column in columns]
    for number, column in enumerate(result):
        before, after = _places(result, number - 1), _places(result, number + 1)
        ends = {
            name: (
                sorted(before[other] for other in graph.pred[name]),
                sorted(after[other] for other in graph.succ[name]),
            )
            for name in column
        }
        place = 0
        while place < len(column) - 1:
            upper, lower = column[place : place + 2]
            if _gain(ends[upper], ends[lower]) > 0:
                column[place], column[place + 1] = lower, upper
                place = max(0, place - 1)  # those above it are as they were
            else:
                place += 1
    return result


def _gain(upper: Sequence[Sequence[int]], lower: Sequence[Sequence[int]]) -> int:
    """Return how many lines fewer cross, on both sides, where two neighbours change places."""
    return sum(
        _inversions(above, below) - _inversions(below, above)
        for above, below in zip(upper, lower, strict=True)
    )


def _turned(places: Sequence[int]) -> int:
    """Return how many pairs stand the other way round."""
    return _crossed([place] for place in places)


def _places(columns: Sequence[Sequence[str]], number: int) -> dict[str, int]:
    if not 0 <= number < len(columns):
        return {}
    return {name: place for place, name in enumerate(columns[number])}


def _inversions(above: Sequence[int], below: Sequence[int]) -> int:
    """Return how many pairs of lines cross whose ends on one side lie above one another."""
    return sum(len(above) - bisect_right(above, place) for place in below)


def _all_crossings(columns: Sequence[Sequence[str]], graph: nx.DiGraph[str]) -> int:
    return sum(_crossings(left, right, graph) for left, right in pairwise(columns))


def _crossings(left: Sequence[str], right: Sequence[str], graph: nx.DiGraph[str]) -> int:
    places = {name: place for place, name in enumerate(right)}
    return _crossed([places[reader] for reader in graph.succ[name]] for name in left)


def _crossed(ends: Iterable[Sequence[int]]) -> int:
    """Return how many pairs of lines cross: those from one above that end below others."""
    seen: list[int] = []
    crossings = 0
    for those in ends:
        crossings += sum(len(seen) - bisect_right(seen, end) for end in those)
        for end in those:
            insort(seen, end)
    return crossings
