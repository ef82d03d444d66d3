"""From scores of operations to an architecture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dslnas.language.check.cell import Cell
from dslnas.settings.rule import NO_RULE, Rule
from dslnas.space.architecture import Architecture, architecture_of
from dslnas.space.choice_table import choice_table
from dslnas.space.derive.constrained_derivation import connected_choice, constrained_choice
from dslnas.space.derive.count_rules import counts_in, unobeyable
from dslnas.space.network import SearchSpace

Scores = Mapping[str, Sequence[Sequence[float]]]
"""By cell: one row per choosing edge, one number per operation; larger is better."""


def derive(space: SearchSpace, scores: Scores, rule: Rule = NO_RULE, seed: int = 0) -> Architecture:
    """Return the connected architecture that the scores prefer.

    Per node the `keep` edges whose best candidate scores highest stay, each with that candidate
    (DARTS, section 2.4): these have the largest sum of scores, as it separates by node and edge.
    Where that is not connected, see `dslnas.space.connectivity`, and with counts, it is the largest
    sum of those cells that are connected and obey them. Ties are broken at random by the seed.
    With a threshold, edges that score less go, but for the best of their node and those that
    something needs (Fair DARTS).

    Raises:
        UserError: NAS509 if a cell cannot obey the counts; `check_rule` finds that earlier.
    """
    derived = {
        name: derive_cell(space.cells[name], scores[name], rule, seed) for name in space.searched
    }
    cells = {**space.cells, **derived}
    return architecture_of(space.final, cells, space.definitions, space.constants)


def derive_cell(
    cell: Cell, scores: Sequence[Sequence[float]], rule: Rule = NO_RULE, seed: int = 0
) -> Cell:
    """Return `cell` with every choice made; nodes and values that it no longer needs go."""
    chosen = columns_kept(cell, scores, rule, seed)
    kept = []
    for edge in cell.edges:
        if edge.row is None:
            kept.append(edge)
        elif edge.row in chosen:
            operation = edge.operations[chosen[edge.row]]
            kept.append(replace(edge, operations=(operation,), is_chosen=True))
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
