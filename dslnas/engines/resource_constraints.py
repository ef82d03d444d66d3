"""Goals of a search besides accuracy: limits of the derived network, cheap operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import torch
from torch import Tensor

from dslnas.engines.discretise import is_connected, nearest, one_hot, uniform
from dslnas.engines.expected_cost import (
    costs_of_network,
    costs_of_operations,
    expected_cost,
    penalty,
)
from dslnas.engines.relaxations.softmax import rows_of
from dslnas.graph.analysis.costs import CostRows, CostTable
from dslnas.graph.analysis.plan import DROPPED, Choice
from dslnas.language.check.cell import Cell
from dslnas.settings.rule import AS_PUBLISHED, Derivation, Quantity, Rule
from dslnas.space.choice_table import ChoiceTable
from dslnas.space.derive.constrained_derivation import constrained_choice
from dslnas.space.derive.count_rules import counts_in
from dslnas.space.search_space import SearchSpace

Drawn = TypeVar("Drawn")

DRAWS = 200
"""After so many that exceed a limit the last one is taken; it is refused before it is exported."""


def draw_within(draw: Callable[[], Drawn], is_within: Callable[[Drawn], bool]) -> Drawn:
    """Return the first of some draws that keeps to the limits, or the last of many."""
    for _ in range(DRAWS):
        drawn = draw()
        if is_within(drawn):
            break
    return drawn


def draw_obeying(
    space: SearchSpace,
    tables: Mapping[str, ChoiceTable],
    rule: Rule,
    generator: torch.Generator,
) -> Choice:
    """Return a random choice, all alike likely; the nearest one that obeys the counts of a rule."""
    return obeying(space, tables, rule, any_choice(tables, generator))


def any_choice(tables: Mapping[str, ChoiceTable], generator: torch.Generator) -> Choice:
    """Return a random choice, all alike likely."""
    return {cell: uniform(table, generator) for cell, table in tables.items()}


def connected(tables: Mapping[str, ChoiceTable], propose: Callable[[], Choice]) -> Choice:
    """Return a proposed choice that is connected, or what is nearest to the last of many."""

    def holds(choice: Choice) -> bool:
        return all(is_connected(tables[cell], columns) for cell, columns in choice.items())

    choice = draw_within(propose, holds)
    if holds(choice):
        return choice
    return {
        cell: nearest(tables[cell], rows_of(one_hot(tables[cell], drawn)), hash(drawn))
        for cell, drawn in choice.items()
    }


def obeying(
    space: SearchSpace, tables: Mapping[str, ChoiceTable], rule: Rule, choice: Choice
) -> Choice:
    """Return a choice, or the nearest one that obeys the counts of a rule."""
    cells = {
        name: _obeying(space.cells[name], tables[name], rule, choice[name])
        for name in space.searched
    }
    return {**choice, **cells}


def _obeying(cell: Cell, table: ChoiceTable, rule: Rule, drawn: tuple[int, ...]) -> tuple[int, ...]:
    counts = counts_in(cell, rule)
    if not counts:
        return drawn
    kept = constrained_choice(cell, rows_of(one_hot(table, drawn)), counts, hash(drawn))
    assert kept is not None, "checked by check_rule"
    return tuple(kept.get(row, DROPPED) for row in range(len(drawn)))


class ResourceConstraints:
    """Limits as a penalty on the expected cost, and what operations cost.

    Costs are counted, or measured, when they are first asked for.
    """

    def __init__(self, space: SearchSpace, derivation: Derivation = AS_PUBLISHED) -> None:
        """Take the space that is searched and what its derived network must keep to.

        Args:
            space: The search space.
            derivation: Counts and limits, and the weight of what exceeds the limits in the loss of
                alpha; at 0 the loss stays as it is.
        """
        self._space = space
        self._derivation = derivation
        self._tables: dict[Quantity, CostTable] = {}

    def draw(self, tables: Mapping[str, ChoiceTable], propose: Callable[[], Choice]) -> Choice:
        """Return a proposed architecture that keeps to the constraints.

        Where a proposal does not obey the counts, the nearest that does is taken; what exceeds the
        limits on parameters or multiply-adds is proposed again. A latency is not asked for:
        measuring is for the network that is exported.

        Args:
            tables: The choices of every searched cell.
            propose: Proposes architectures, one at a time.
        """
        return draw_within(
            lambda: obeying(self._space, tables, self._derivation.rule, propose()),
            lambda choice: self._is_within(tables, choice),
        )

    def allows(self, tables: Mapping[str, ChoiceTable], choice: Choice) -> bool:
        """Whether an architecture keeps to the constraints as it is."""
        obeys = obeying(self._space, tables, self._derivation.rule, choice) == choice
        return obeys and self._is_within(tables, choice)

    def _is_within(self, tables: Mapping[str, ChoiceTable], choice: Choice) -> bool:
        limits = [limit for limit in self._derivation.limits if limit.quantity != "latency"]
        weights = {cell: one_hot(tables[cell], columns) for cell, columns in choice.items()}
        return all(
            expected_cost(self._table(limit.quantity), tables, weights, edges_chosen=True)
            <= limit.most
            for limit in limits
        )

    def operation_costs(self, cell: str, quantity: Quantity) -> CostRows:
        """Return what the candidates of a cell cost, one row per edge."""
        return costs_of_operations(self._space, cell, quantity)

    def penalty(
        self,
        tables: Mapping[str, ChoiceTable],
        weights: Mapping[str, Tensor],
        *,
        edges_chosen: bool = False,
    ) -> Tensor | None:
        """Return the weighed excess of the expected cost over the limits; None without limits.

        Weights and `edges_chosen` are as of `expected_cost`.
        """
        limits, weight = self._derivation.limits, self._derivation.penalty
        if not limits or weight == 0:
            return None
        expected = {
            limit.quantity: expected_cost(
                self._table(limit.quantity), tables, weights, edges_chosen=edges_chosen
            )
            for limit in limits
        }
        return penalty(expected, limits, weight)

    def _table(self, quantity: Quantity) -> CostTable:
        if quantity not in self._tables:
            self._tables[quantity] = costs_of_network(self._space, quantity)
        return self._tables[quantity]


def draw(
    tables: Mapping[str, ChoiceTable],
    generator: torch.Generator,
    constraints: ResourceConstraints | None,
) -> Choice:
    """Return a random architecture that keeps to the constraints, if there are any."""
    return draw_from(tables, lambda: any_choice(tables, generator), constraints)


def draw_from(
    tables: Mapping[str, ChoiceTable],
    propose: Callable[[], Choice],
    constraints: ResourceConstraints | None,
) -> Choice:
    """Return a proposed architecture that is connected and keeps to the constraints, if any."""

    def proposed() -> Choice:
        return connected(tables, propose)

    return proposed() if constraints is None else constraints.draw(tables, proposed)
