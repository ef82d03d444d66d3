"""How many architectures a space holds."""

from __future__ import annotations

from math import prod

from dslnas.language.check.cell import Cell
from dslnas.space.network import SearchSpace


def count_architectures(space: SearchSpace) -> int:
    """Return the number of architectures that can be derived from the space."""
    return prod(count_cells(space.cells[name]) for name in space.searched)


def count_cells(cell: Cell) -> int:
    """Return the number of cells that can be derived from `cell`.

    A node with edges of n_1, n_2, ... candidates of which k are kept has e_k(n_1, n_2, ...) forms,
    e_k the elementary symmetric polynomial: the sum over all sets of k edges of the product of
    their numbers of candidates.
    """
    forms = 1
    for node in cell.nodes:
        sizes = [len(cell.candidates(e)) for e in cell.incoming(node) if not e.is_fixed]
        keep = cell.kept(len(sizes))
        polynomial = [1, *[0] * keep]
        for size in sizes:
            for k in range(keep, 0, -1):
                polynomial[k] += size * polynomial[k - 1]
        forms *= polynomial[keep]
    return forms
