"""From scores of operations to an architecture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dslnas.language.check.cell import Cell
from dslnas.settings.rule import NO_RULE, Rule
from dslnas.space.architecture import Architecture, architecture_of
from dslnas.space.choice_table import best_choice, choice_table
from dslnas.space.decision import inner_of
from dslnas.space.derive.constrained_derivation import connected_choice, constrained_choice
from dslnas.space.derive.count_rules import counts_in, unobeyable
from dslnas.space.network import NETWORK
from dslnas.space.search_space import SearchSpace

Scores = Mapping[str, Sequence[Sequence[float]]]
"""By table: one row per choice, one number per alternative; larger is better.

The table of a cell has a row per choosing edge, and in it a number per operation."""


def derive(space: SearchSpace, scores: Scores, rule: Rule = NO_RULE, seed: int = 0) -> Architecture:
    """Return the connected architecture that the scores prefer.

    Per node the `keep` edges whose best candidate scores highest stay, each with that candidate
    (DARTS, section 2.4): these have the largest sum of scores, as it separates by node and edge.
    Where that is not connected, see `dslnas.space.connectivity`, and with counts, it is the largest
    sum of those cells that are connected and obey them. Ties are broken at random by the seed.
    With a threshold, edges that score less go, but for the best of their node and those that
    something needs (Fair DARTS). Choices inside of operations are made each for itself: the
    alternative with the highest score is taken.

    Raises:
        UserError: NAS509 if a cell cannot obey the counts; `check_rule` finds that earlier.
    """
    return with_chosen(space, chosen_columns(space, scores, rule, seed))


def with_chosen(space: SearchSpace, chosen: Mapping[str, Mapping[int, int]]) -> Architecture:
    """Return the architecture with these choices, as `chosen_columns` returned them."""
    cells = dict(space.cells)
    for name in dict.fromkeys(space.network.layout):
        if cells[name].is_searched:
            columns, inner = chosen.get(name, {}), chosen.get(inner_of(name), {})
            cells[name] = _settled(cells[name], columns, inner)
    final = space.final.with_chosen(chosen.get(NETWORK, {}))
    return architecture_of(final, cells, space.definitions, space.constants)


def chosen_columns(
    space: SearchSpace, scores: Scores, rule: Rule = NO_RULE, seed: int = 0
) -> dict[str, Mapping[int, int]]:
    """Return what the scores prefer by table: by row that is kept its column; see `derive`."""
    cells = {
        name: columns_kept(space.cells[name], scores[name], rule, seed) for name in space.searched
    }
    others = {name: best_choice(space.tables[name], scores[name], seed) for name in space.decisions}
    return cells | others


def derive_cell(
    cell: Cell, scores: Sequence[Sequence[float]], rule: Rule = NO_RULE, seed: int = 0
) -> Cell:
    """Return `cell`, inside of whose operations nothing is chosen, with every choice made."""
    return _settled(cell, columns_kept(cell, scores, rule, seed), {})


def _settled(cell: Cell, columns: Mapping[int, int], inner: Mapping[int, int]) -> Cell:
    """Return a cell with some choices made; nodes and values that it no longer needs go."""
    kept = []
    for place, edge in enumerate(cell.edges):
        column = 0 if edge.row is None else columns.get(edge.row)
        if column is None:
            continue
        operation, first = edge.operations[column], cell.inner_rows[place]
        form = operation.variant([inner[first + row] for row in edge.inner_rows(column)])
        is_chosen = edge.is_chosen or edge.row is not None or form is not operation
        kept.append(replace(edge, operations=(form,), is_chosen=is_chosen))
    return replace(cell.with_edges(tuple(kept)), keep=None).without_unneeded()


def columns_kept(
    cell: Cell, scores: Sequence[Sequence[float]], rule: Rule = NO_RULE, seed: int = 0
) -> Mapping[int, int]:
    """Return by row of a cell that is kept the column that the scores prefer; see `derive`."""
    counts = counts_in(cell, rule)
    chosen = (
        constrained_choice(cell, scores, counts, seed, rule.threshold)
        if counts or rule.threshold is not None
        else connected_choice(choice_table(cell), scores, seed)
    )
    if chosen is None:
        raise unobeyable(cell)
    return chosen
