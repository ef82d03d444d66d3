"""Costs as terms of a loss: the expected cost of a relaxation, its excess over limits, NASP's R(A).

All of them are differentiable in the weights of the operations. What an operation costs is counted
by `dslnas.graph.analysis.costs` or measured by `dslnas.backends.onnx.latency`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from dslnas.backends.onnx.latency import latency_table, stopwatch
from dslnas.engines.discretise import derivable
from dslnas.graph.analysis.costs import (
    COUNTED,
    CostRows,
    CostTable,
    cost_table,
    operation_costs,
)
from dslnas.settings.rule import Limit, Quantity
from dslnas.space.choice_table import ChoiceTable
from dslnas.space.search_space import SearchSpace


def costs_of_network(space: SearchSpace, quantity: Quantity) -> CostTable:
    """Return what the final network costs: weights, multiply-adds or seconds."""
    if quantity == "latency":
        return latency_table(space)
    return cost_table(space, COUNTED[quantity])


def costs_of_operations(space: SearchSpace, cell: str, quantity: Quantity) -> CostRows:
    """Return what the candidates of a cell cost at its first place, for `complexity`."""
    if quantity == "latency":
        return operation_costs(space, cell, stopwatch())
    return operation_costs(space, cell, COUNTED[quantity])


def expected_cost(
    table: CostTable,
    tables: Mapping[str, ChoiceTable],
    weights: Mapping[str, Tensor],
    *,
    edges_chosen: bool = False,
) -> Tensor:
    """Return the cost that a derived network has on average, a scalar in the unit of the table.

    E = fixed + sum_r share_r * sum_o q_(r,o) * cost_(r,o) over rows r and operations o, and each
    joint cost times the probabilities of its choices. A derived
    node keeps some of its edges, each as likely as the other: share_r = kept edges / edges of the
    node, or 1 with `edges_chosen`, where weights of dropped edges are 0, as after NASP's proximal
    step. An edge has no operation that may not be derived, such as `none`: q_(r,o) is p_(r,o) over
    the sum of those that may, p the weights (edges, operations). Unneeded nodes count too.
    """
    total = torch.tensor(table.fixed, dtype=torch.float64)
    likely = {}
    for cell, choices in tables.items():
        p = weights[cell]
        if not edges_chosen:
            p = p * derivable(choices, p)
            p = p / p.sum(-1, keepdim=True) * _shares(choices, p)[:, None]
        likely[cell] = p
        if cell in table.by_cell:
            total = total.to(p) + (p * _matrix(table.by_cell[cell], p)).sum()
    for joint in table.joint:
        made = [likely[name][row, column] for name, row, column in joint.where]
        total = total.to(made[0]) + joint.cost * torch.stack(made).prod()
    return total


def penalty(expected: Mapping[Quantity, Tensor], limits: Iterable[Limit], weight: float) -> Tensor:
    """Return weight * sum over limits of max(0, E / limit - 1), a scalar, E the expected cost."""
    excess = ((expected[limit.quantity] / limit.most - 1).clamp(min=0) for limit in limits)
    return weight * sum(excess, start=torch.zeros(()))


def complexity(costs: CostRows, weights: Tensor) -> Tensor:
    """Return NASP's regulariser R(A) of one cell, a scalar; A is (edges, operations).

    R(A) = sum_(r,o) (c_(r,o) / sum_o' c_(r,o')) * A_(r,o)^2 (Yao et al., AAAI 2020, as in the
    published code, which counts weights at 12 channels, in the normal cell only). An edge whose
    operations all cost nothing adds nothing.
    """
    ratios = [[cost / (sum(row) or 1.0) for cost in row] for row in costs]
    return (_matrix(ratios, weights) * weights.square()).sum()


def _matrix(rows: Iterable[Iterable[float]], like: Tensor) -> Tensor:
    """Return rows of unequal length as a matrix of a tensor's shape, 0 where there is nothing."""
    width = like.shape[1]
    lists = [list(row) for row in rows]
    return like.new_tensor([row + [0.0] * (width - len(row)) for row in lists])


def _shares(choices: ChoiceTable, like: Tensor) -> Tensor:
    """Return for every row how many of its node's edges are kept, from 0 to 1."""
    shares = [0.0] * len(choices.rows)
    for rows in choices.nodes:
        for row in rows:
            shares[row] = choices.kept(rows) / len(rows)
    return like.new_tensor(shares)
