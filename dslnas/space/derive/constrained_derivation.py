"""The best cell among those that obey counts of operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from math import comb, prod
from typing import TypeAlias

from dslnas.language.check.cell import Cell, Edge
from dslnas.settings.rule import Count
from dslnas.space.derive.exact_scores import Values, decided, values

_Seen: TypeAlias = tuple[int, ...]
"""By count how many edges have its operation, as far as it matters."""

_Needed: TypeAlias = int
"""The nodes that are read by later ones, as bits; those of the ends always are."""

_States: TypeAlias = dict[tuple[_Seen, _Needed], int]
"""The largest value by state."""


def counted_choice(
    cell: Cell, scores: Sequence[Sequence[float]], counts: Sequence[Count]
) -> dict[int, int] | None:
    """Return by kept row its column: the largest sum of scores that obeys the counts, if any does.

    The sum is taken over the kept operations of all nodes. It separates by node and edge, so
    without counts the rule of DARTS maximises it too. Counts hold for all edges that are left in
    the derived cell, fixed ones included; a node that no longer reaches the output takes its best
    operations. Ties go to the edge and the operation that are written first.

    The maximum is exact, by dynamic programming from the last row to the first: of all decisions
    on later rows that lead to the same counts, the same nodes needed and the same number of edges
    kept at this node, only the best can be part of the best cell.
    """
    ends = [
        value
        for (seen, _), value in _all_states(cell, values(cell, scores), counts).items()
        if all(count.allows(number) for count, number in zip(counts, seen, strict=True))
    ]
    return decided(cell, max(ends)) if ends else None


def possible_numbers(cell: Cell, counts: Sequence[Count]) -> set[tuple[int, ...]]:
    """Return how many edges with each operation derived cells may have, up to the largest counts.

    Of a count without an upper end it is said only whether the lower one is reached.
    """
    nothing = [dict.fromkeys((*cell.candidates(edge), None), 0) for edge in cell.choices]
    return {seen for seen, _ in _all_states(cell, nothing, counts)}


def count_steps(cell: Cell, counts: Sequence[Count]) -> int:
    """Return how many steps finding a cell may take at most: what the time depends on."""
    choosing = Counter(edge.target for edge in cell.choices)
    edges = len(cell.edges) - len(cell.choices) + sum(map(cell.kept, choosing.values()))
    ends = (count.least if count.most is None else count.most for count in counts)
    seen = min(prod(min(end, edges) + 1 for end in ends), comb(edges + len(counts), edges))
    outside = 0 if cell.keep is None else len(_outside(cell))
    return (seen << outside) * len(cell.choices)


def _outside(cell: Cell) -> list[str]:
    """Return the nodes that a derived cell may not need."""
    always = {node for end in cell.ends for node in cell.nodes_behind(end)}
    return [node for node in cell.nodes if node not in always]


def _all_states(cell: Cell, values: Values, counts: Sequence[Count]) -> _States:
    """Return the states in which the cells end that do not break an upper end of a count."""
    search = _Search(cell, values, counts)
    states: _States = {((0,) * len(counts), 0): 0}
    for node in reversed(cell.nodes):
        states = search.with_node(node, states)
    return states


class _Search:
    """Extends the best decisions on later nodes by those on one more."""

    def __init__(self, cell: Cell, values: Values, counts: Sequence[Count]) -> None:
        self._cell = cell
        self._values = values
        self._counts = counts
        self._places = {count.operation: place for place, count in enumerate(counts)}
        self._one_more = cache(self._with_one_more)
        self._bits = {node: 1 << place for place, node in enumerate(_outside(cell))}
        sources = dict.fromkeys(edge.source for edge in cell.edges)
        self._behind = {name: self._bits_behind(name) for name in sources}

    def _bits_behind(self, source: str) -> _Needed:
        return sum(self._bits.get(node, 0) for node in self._cell.nodes_behind(source))

    def with_node(self, node: str, states: _States) -> _States:
        """Return the states after all decisions on the edges of a node."""
        edges = self._cell.incoming(node)
        choosing = [edge for edge in edges if edge.row is not None]
        fixed = [edge for edge in edges if edge.row is None]
        bit = self._bits.get(node, 0)
        alone = self._without_counts(choosing)
        after: _States = {}
        alive: _States = {}
        for (seen, needed), value in states.items():
            if bit and not needed & bit:
                _keep_best(after, (seen, needed), value + alone)
            else:
                alive[seen, needed & ~bit] = value
        for edge in fixed:
            alive = self._with_choices([edge], 1, alive)
        keep = self._cell.kept(len(choosing))
        for state, value in self._with_choices(choosing, keep, alive).items():
            _keep_best(after, state, value)
        return after

    def _with_choices(self, choosing: Sequence[Edge], keep: int, states: _States) -> _States:
        """Return the states after `keep` of some edges are kept, the last edge first."""
        by_kept: list[_States] = [states, *({} for _ in range(keep))]
        for earlier, edge in reversed(list(enumerate(choosing))):
            after: list[_States] = [{} for _ in range(keep + 1)]
            worth = self._worth(edge)
            dropped, options = worth[None], self._options(edge, worth)
            bits = self._behind[edge.source]
            for kept, those in enumerate(by_kept):
                for (seen, needed), value in those.items():
                    if kept + earlier >= keep:
                        _keep_best(after[kept], (seen, needed), value + dropped)
                    if kept == keep:
                        continue
                    for place, gain in options:
                        more = seen if place is None else self._one_more(seen, place)
                        if more is not None:
                            _keep_best(after[kept + 1], (more, needed | bits), value + gain)
            by_kept = after
        return by_kept[keep]

    def _worth(self, edge: Edge) -> Mapping[int | None, int]:
        """Return the worth of an edge by column, and dropped; one without a choice has none."""
        return {None: 0, 0: 0} if edge.row is None else self._values[edge.row]

    def _options(self, edge: Edge, worth: Mapping[int | None, int]) -> list[tuple[int | None, int]]:
        """Return the counted operations of an edge and the best of the others, with their worth."""
        best: dict[int | None, int] = {}
        for column, gain in worth.items():
            if column is not None:
                place = self._places.get(edge.operations[column].text)
                best[place] = max(gain, best.get(place, gain))
        return list(best.items())

    def _with_one_more(self, seen: _Seen, place: int) -> _Seen | None:
        """Return what is seen after one more operation of a count; None if that is too many."""
        count, number = self._counts[place], seen[place] + 1
        if count.most is not None and number > count.most:
            return None
        # Without an upper end it does not matter by how many the lower one is exceeded.
        number = min(number, count.least) if count.most is None else number
        return (*seen[:place], number, *seen[place + 1 :])

    def _without_counts(self, choosing: Sequence[Edge]) -> int:
        """Return the worth of the best decisions on the edges of a node that nothing reads."""
        rows = [self._values[edge.row] for edge in choosing if edge.row is not None]
        best = [max(worth for column, worth in row.items() if column is not None) for row in rows]
        gains = sorted((top - row[None] for top, row in zip(best, rows, strict=True)), reverse=True)
        keep = self._cell.kept(len(rows))
        return sum(row[None] for row in rows) + sum(gains[:keep])


def _keep_best(states: _States, state: tuple[_Seen, _Needed], value: int) -> None:
    before = states.get(state)
    if before is None or value > before:
        states[state] = value
