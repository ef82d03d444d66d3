"""From weights of operations to one operation per edge, and few edges per node."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from dslnas.graph.analysis.plan import DROPPED
from dslnas.space.choice_table import ChoiceTable
from dslnas.space.derive.constrained_derivation import connected_choice

DRAWS = 10_000
"""After so many random choices that are not connected the connected one nearest to the last is
taken."""


def nearest(
    table: ChoiceTable, weights: Sequence[Sequence[float]], seed: int = 0
) -> tuple[int, ...]:
    """Return the proximal step onto the discrete set, prox_C1: for every row a column, or DROPPED.

    Per edge the candidate with the largest weight stays; per node only the `keep` edges whose
    largest weight is largest stay (NASP, section 3.2). Of choices that are not connected none is in
    the set. Ties are broken at random by the seed.
    """
    chosen = connected_choice(table, weights, seed)
    return tuple(chosen.get(row, DROPPED) for row in range(len(table.rows)))


def is_connected(table: ChoiceTable, choice: Sequence[int]) -> bool:
    """Whether a choice leaves an output that depends on what the cell reads."""
    return table.is_connected({r: column for r, column in enumerate(choice) if column != DROPPED})


def one_hot(table: ChoiceTable, choice: Sequence[int]) -> Tensor:
    """Return a choice as weights of 0 and 1, (edges, operations), float32 on the CPU."""
    weights = torch.zeros(len(table.rows), table.width)
    for row, column in enumerate(choice):
        if column != DROPPED:
            weights[row, column] = 1.0
    return weights


def derivable(table: ChoiceTable, like: Tensor) -> Tensor:
    """Return 1 for every operation that a derived edge may have, 0 for others; typed as `like`."""
    return like.new_tensor(
        [[float(o in columns) for o in range(like.shape[1])] for columns in table.candidates]
    )


def uniform(table: ChoiceTable, generator: torch.Generator) -> tuple[int, ...]:
    """Return a random choice: per node `keep` edges, per edge one candidate.

    All connected choices are alike likely.
    """
    for _ in range(DRAWS):
        choice = _any_choice(table, generator)
        if is_connected(table, choice):
            return choice
    return nearest(table, one_hot(table, choice).tolist(), hash(choice))


def _any_choice(table: ChoiceTable, generator: torch.Generator) -> tuple[int, ...]:
    choice = [DROPPED] * len(table.rows)
    for rows in table.nodes:
        order = torch.randperm(len(rows), generator=generator).tolist()
        for place in sorted(order[: table.kept(rows)]):
            columns = table.candidates[rows[place]]
            pick = int(torch.randint(len(columns), (), generator=generator))
            choice[rows[place]] = columns[pick]
    return tuple(choice)


def explore(
    table: ChoiceTable, choice: tuple[int, ...], epsilon: float, generator: torch.Generator
) -> tuple[int, ...]:
    """Return a choice in which every edge that stays takes a random candidate now and then.

    The generator, on the CPU, is not asked where `epsilon`, the probability of it, is 0. What would
    not be connected stays as it was.
    """
    if epsilon == 0.0:
        return choice
    draws = torch.rand(len(choice), generator=generator).tolist()
    explored = list(choice)
    for row, (column, drawn) in enumerate(zip(choice, draws, strict=True)):
        if column != DROPPED and drawn < epsilon:
            columns = table.candidates[row]
            explored[row] = columns[int(torch.randint(len(columns), (), generator=generator))]
    return tuple(explored) if is_connected(table, explored) else choice
