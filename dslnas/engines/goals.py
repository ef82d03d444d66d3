"""What a search aims at besides accuracy: limits of the derived network, cheap operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from dslnas.engines.costs import (
    costs_of_network,
    costs_of_operations,
    expected_cost,
    penalty,
)
from dslnas.graph.costs import CostRows, CostTable
from dslnas.settings.rule import Limit, Quantity
from dslnas.space.space import SearchSpace
from dslnas.space.table import ChoiceTable


class Goals:
    """Limits as a penalty on the expected cost, and what operations cost.

    Costs are counted, or measured on the device, when they are first asked for.
    """

    def __init__(
        self,
        space: SearchSpace,
        device: torch.device,
        limits: Iterable[Limit] = (),
        weight: float = 0.0,
    ) -> None:
        """Take the space that is searched and what its derived network may cost.

        Args:
            space: What is searched.
            device: Where latencies are measured.
            limits: What the derived network may cost at most.
            weight: Of the relative excess in the loss of alpha; 0 leaves the loss as it is.
        """
        self._space = space
        self._device = device
        self._limits = tuple(limits) if weight > 0 else ()
        self._weight = weight
        self._tables: dict[Quantity, CostTable] = {}

    def operation_costs(self, cell: str, quantity: Quantity) -> CostRows:
        """Return what the candidates of a cell cost, one row per edge."""
        return costs_of_operations(self._space, cell, quantity, self._device)

    def penalty(
        self,
        tables: Mapping[str, ChoiceTable],
        weights: Mapping[str, Tensor],
        *,
        edges_chosen: bool = False,
    ) -> Tensor | None:
        """Return the weighed excess of the expected cost over the limits; None without limits.

        Args:
            tables: The choices of every searched cell.
            weights: Shares of the operations by cell, (edges, operations), with gradients.
            edges_chosen: The weights of dropped edges are 0.
        """
        if not self._limits:
            return None
        expected = {
            limit.quantity: expected_cost(
                self._table(limit.quantity), tables, weights, edges_chosen=edges_chosen
            )
            for limit in self._limits
        }
        return penalty(expected, self._limits, self._weight)

    def _table(self, quantity: Quantity) -> CostTable:
        if quantity not in self._tables:
            self._tables[quantity] = costs_of_network(self._space, quantity, self._device)
        return self._tables[quantity]
