"""The best cell among those that are connected and obey counts of operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from math import comb, prod
from typing import TypeAlias

from dslnas.language.check.cell import Cell, Edge
from dslnas.settings.rule import Count
from dslnas.space.choice_table import ChoiceTable, best_choice
from dslnas.space.connectivity import Requirement, connectivity
from dslnas.space.derive.exact_scores import Values, decided, values

_Seen: TypeAlias = tuple[int, ...]
"""By count how many edges have its operation, as far as it matters."""

_Needed: TypeAlias = int
"""The nodes that are read by later ones, as bits; those of the ends always are."""

_Heads: TypeAlias = tuple[int, ...]
"""By requirement the node that its path, followed from the targets, has come to, or _THERE."""

_THERE = -1
"""A path that has come to one of its inputs."""

_Option: TypeAlias = tuple[int | None, bool]
"""The place of the count that an operation belongs to, and whether it hands on what it reads."""

_State: TypeAlias = tuple[_Seen, _Needed, _Heads]

_States: TypeAlias = dict[_State, int]
"""The largest value by state."""


def connected_choice(
    table: ChoiceTable, scores: Sequence[Sequence[float]], seed: int = 0
) -> dict[int, int]:
    """Return by kept row its column: the largest sum of scores among connected cells."""
    chosen = best_choice(table, scores, seed)
    if table.connectivity is None or table.is_connected(chosen):
        return chosen
    found = constrained_choice(table.connectivity.cell, scores, (), seed)
    assert found is not None, "checked by check_rule"
    return found


def constrained_choice(
    cell: Cell,
    scores: Sequence[Sequence[float]],
    counts: Sequence[Count],
    seed: int = 0,
    threshold: float | None = None,
) -> dict[int, int] | None:
    """Return by kept row its column: the largest sum of scores that obeys all, if any does.

    The cell is connected, see `dslnas.space.connectivity`, and obeys the counts. The sum is taken
    over the kept operations of all nodes. It separates by node and edge, so without counts the rule
    of DARTS maximises it too. Counts hold for all edges that are left in the derived cell, fixed
    ones included; a node that no longer reaches the output takes its best operations. Ties are
    broken at random by the seed.

    With a threshold a node may have fewer edges than its cell keeps, one at least, and what adds
    up are the scores less the threshold. So what scores less goes, unless something needs it.

    The maximum is exact, by dynamic programming from the last row to the first: of all decisions
    on later rows that lead to the same counts, the same nodes needed, the same number of edges
    kept at this node and the same paths back from the targets of what is required, only the best
    can be part of the best cell. A path goes on by any edge that hands on what it reads.
    """
    worth = values(cell, scores, seed, threshold or 0.0)
    states = _all_states(cell, worth, counts, thins=threshold is not None)
    ends = [
        value
        for (seen, *_), value in states.items()
        if all(count.allows(number) for count, number in zip(counts, seen, strict=True))
    ]
    return decided(cell, max(ends)) if ends else None


def possible_numbers(
    cell: Cell, counts: Sequence[Count], *, thins: bool = False
) -> set[tuple[int, ...]]:
    """Return how many edges with each operation derived cells may have, up to the largest counts.

    `thins` says whether there is a threshold.

    Of a count without an upper end it is said only whether the lower one is reached.
    """
    nothing = [dict.fromkeys((*cell.candidates(edge), None), 0) for edge in cell.choices]
    return {seen for seen, *_ in _all_states(cell, nothing, counts, thins=thins)}


def count_steps(cell: Cell, counts: Sequence[Count], *, thins: bool = False) -> int:
    """Return how many steps finding a cell may take at most: what the time depends on."""
    choosing = Counter(edge.target for edge in cell.choices)
    edges = len(cell.edges) - len(cell.choices) + sum(map(cell.kept, choosing.values()))
    ends = (count.least if count.most is None else count.most for count in counts)
    seen = min(prod(min(end, edges) + 1 for end in ends), comb(edges + len(counts), edges))
    outside = len(_outside(cell, counts, thins=thins))
    paths: int = (len(cell.nodes) + 1) ** len(_requirements(cell, thins=thins))
    return (seen << outside) * paths * len(cell.choices)


def _requirements(cell: Cell, *, thins: bool) -> tuple[Requirement, ...]:
    found = connectivity(cell, thins=thins)
    return () if found is None else found.requirements


def _outside(cell: Cell, counts: Sequence[Count], *, thins: bool) -> list[str]:
    """Return the nodes that a derived cell may not need, where counts make that matter."""
    keeps_all = cell.keep is None and not thins
    if keeps_all or not counts:
        return []
    always = {node for end in cell.ends for node in cell.nodes_behind(end)}
    return [node for node in cell.nodes if node not in always]


def _all_states(cell: Cell, values: Values, counts: Sequence[Count], *, thins: bool) -> _States:
    """Return the states in which the cells end that are connected and break no upper end."""
    search = _Search(cell, values, counts, thins=thins)
    states: _States = {((0,) * len(counts), 0, heads): 0 for heads in search.starts()}
    for node in reversed(cell.nodes):
        states = search.with_node(node, states)
    return states


class _Search:
    """Extends the best decisions on later nodes by those on one more."""

    def __init__(self, cell: Cell, values: Values, counts: Sequence[Count], *, thins: bool) -> None:
        self._cell = cell
        self._thins = thins
        self._values = values
        self._counts = counts
        self._places = {count.operation: place for place, count in enumerate(counts)}
        self._one_more = cache(self._with_one_more)
        nodes = _outside(cell, counts, thins=thins)
        self._bits = {node: 1 << place for place, node in enumerate(nodes)}
        sources = dict.fromkeys(edge.source for edge in cell.edges)
        self._behind = {name: self._bits_behind(name) for name in sources}
        self._requirements = _requirements(cell, thins=thins)
        self._number = {node: place for place, node in enumerate(cell.nodes)}
        self._moved = cache(self._with_moves)

    def starts(self) -> Iterator[_Heads]:
        """Yield where the paths may begin: at the nodes behind their targets."""
        at = [
            {place for target in one.targets for place in self._places_behind(target, one)}
            for one in self._requirements
        ]
        return product(*map(sorted, at))

    def _places_behind(self, name: str, requirement: Requirement) -> set[int]:
        """Return where a path is that goes through a node, a value, an input or a state."""
        behind = self._cell.behind[name]
        if not behind.isdisjoint(requirement.sources):
            return {_THERE}
        return {self._number[node] for node in behind if node in self._number}

    def _with_moves(self, heads: _Heads, target: str, source: str) -> list[_Heads]:
        """Return where paths may be after an edge: those at its target may take it or not."""
        here = self._number[target]
        return [
            *product(
                *(
                    (head,) if head != here else (head, *self._places_behind(source, one))
                    for head, one in zip(heads, self._requirements, strict=True)
                )
            )
        ]

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
        for (seen, needed, heads), value in states.items():
            if bit and not needed & bit:
                _keep_best(after, (seen, needed, heads), value + alone)
            else:
                alive[seen, needed & ~bit, heads] = value
        for edge in fixed:
            alive = self._with_choices([edge], 1, 1, alive)
        fewest, keep = self._numbers(len(choosing))
        for state, value in self._with_choices(choosing, fewest, keep, alive).items():
            if self._number[node] not in state[-1]:  # all paths went on
                _keep_best(after, state, value)
        return after

    def _numbers(self, choosing: int) -> tuple[int, int]:
        """Return the fewest and the most edges that a node keeps."""
        return self._cell.fewest(choosing, thins=self._thins), self._cell.kept(choosing)

    def _with_choices(
        self, choosing: Sequence[Edge], fewest: int, keep: int, states: _States
    ) -> _States:
        """Return the states after so many of some edges are kept, the last edge first."""
        by_kept: list[_States] = [states, *({} for _ in range(keep))]
        for earlier, edge in reversed(list(enumerate(choosing))):
            after: list[_States] = [{} for _ in range(keep + 1)]
            worth = self._worth(edge)
            dropped, options = worth[None], self._options(edge, worth)
            bits = self._behind[edge.source]
            for kept, those in enumerate(by_kept):
                for (seen, needed, heads), value in those.items():
                    if kept + earlier >= fewest:
                        _keep_best(after[kept], (seen, needed, heads), value + dropped)
                    if kept == keep:
                        continue
                    moved = self._moved(heads, edge.target, edge.source)
                    for (place, passes), gain in options.items():
                        more = seen if place is None else self._one_more(seen, place)
                        if more is not None:
                            for now in moved if passes else (heads,):
                                _keep_best(
                                    after[kept + 1], (more, needed | bits, now), value + gain
                                )
            by_kept = after
        return _together(by_kept[fewest:])

    def _worth(self, edge: Edge) -> Mapping[int | None, int]:
        """Return the worth of an edge by column, and dropped; one without a choice has none."""
        return {None: 0, 0: 0} if edge.row is None else self._values[edge.row]

    def _options(self, edge: Edge, worth: Mapping[int | None, int]) -> dict[_Option, int]:
        """Return the worth of the best operations of an edge, of those that differ in nothing else.

        Operations differ in the count that they belong to, and in whether they hand on what the
        edge reads.
        """
        best: dict[_Option, int] = {}
        for column, gain in worth.items():
            if column is not None:
                operation = edge.operations[column]
                option = self._places.get(operation.text), self._cell.hands_on(operation)
                best[option] = max(gain, best.get(option, gain))
        return best

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
        fewest, keep = self._numbers(len(rows))
        more = sum(gain for gain in gains[fewest:keep] if gain > 0)
        return sum(row[None] for row in rows) + sum(gains[:fewest]) + more


def _together(several: Sequence[_States]) -> _States:
    """Return the states that there are in any of several sets of them."""
    first, *others = several
    for those in others:
        for state, value in those.items():
            _keep_best(first, state, value)
    return first


def _keep_best(states: _States, state: _State, value: int) -> None:
    before = states.get(state)
    if before is None or value > before:
        states[state] = value
