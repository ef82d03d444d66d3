"""How many architectures a space holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, product
from math import prod

from dslnas.language.check.cell import Cell, Edge, Operation
from dslnas.space.canonical import CellForms
from dslnas.space.distinct import DistinctForms
from dslnas.space.network import Network
from dslnas.space.search_space import SearchSpace

MOST_LISTED = 20_000
"""Derivable cells that are listed to count the distinct ones: that takes seconds."""


def count_architectures(space: SearchSpace) -> int:
    """Return the number of architectures that the space has, those that are dead included."""
    forms = {name: count_cells(space.cells[name]) for name in dict.fromkeys(space.network.layout)}
    return max(1, len(space.network.widths)) * sum(
        number * prod(forms[name] for name in used)
        for used, number in _layouts(space.network).items()
    )


def _layouts(network: Network) -> Counter[frozenset[str]]:
    """Return by set of cells how many layouts have all of them and no others."""
    found = Counter({frozenset[str](): 1})
    for place in network.places:
        before, found = found, Counter()
        for number in range(place.most + 1):
            if number in place.counts:
                found.update(before)
            behind: Counter[frozenset[str]] = Counter()
            for used, ways in before.items():
                for name in place.cells:
                    behind[used | {name}] += ways
            before = behind
    return found


def count_cells(cell: Cell) -> int:
    """Return the number of cells that choices make of `cell`.

    A node with edges of n_1, n_2, ... candidates of which k are kept has e_k(n_1, n_2, ...) forms,
    e_k the elementary symmetric polynomial: the sum over all sets of k edges of the product of
    their numbers of candidates. A candidate with choices inside of it counts as all it may be.
    """
    forms = prod(len(edge.operations[0].forms) for edge in cell.edges if edge.is_fixed)
    for node in cell.nodes:
        sizes = [len(_options(cell, e)) for e in cell.incoming(node) if not e.is_fixed]
        keep = cell.kept(len(sizes))
        polynomial = [1, *[0] * keep]
        for size in sizes:
            for k in range(keep, 0, -1):
                polynomial[k] += size * polynomial[k - 1]
        forms *= polynomial[keep]
    return forms


def count_distinct(space: SearchSpace) -> int | None:
    """Return how many of the architectures are different networks; None if too many to list.

    See `dslnas.space.canonical` for what counts as different. Cells that the final network does not
    have make no difference. Not counted where something around the cells is chosen.
    """
    if space.network.decisions:
        return None
    counts = [
        count_distinct_cells(space.cells[name])
        for name in dict.fromkeys(space.network.layout)
        if space.cells[name].is_searched and name in space.final.layout
    ]
    return None if None in counts else prod(count for count in counts if count is not None)


def count_distinct_cells(cell: Cell) -> int | None:
    """Return how many cells that can be derived are different; None if too many to list."""
    if count_cells(cell) > MOST_LISTED:
        return None
    forms, different = CellForms(cell), DistinctForms()
    for form in {forms.form(chosen) for chosen in derivable(cell)}:
        different.add(form)
    return len(different)


def derivable(cell: Cell) -> Iterator[list[tuple[Edge, Operation]]]:
    """Yield the edges of every cell that can be derived, each with its operation."""
    by_node = []
    for node in cell.nodes:
        edges = cell.incoming(node)
        fixed = [_options(cell, edge) for edge in edges if edge.is_fixed]
        choosing = [edge for edge in edges if not edge.is_fixed]
        by_node.append(
            [
                [*operations]
                for kept in combinations(choosing, cell.kept(len(choosing)))
                for operations in product(*fixed, *(_options(cell, edge) for edge in kept))
            ]
        )
    for forms in product(*by_node):
        yield [chosen for form in forms for chosen in form]


def _options(cell: Cell, edge: Edge) -> list[tuple[Edge, Operation]]:
    columns = (0,) if edge.is_fixed else cell.candidates(edge)
    return [(edge, form) for column in columns for form in edge.operations[column].forms]
