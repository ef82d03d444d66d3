"""Costs of every candidate of every choice in the network that is trained at the end.

What an operation costs is left open: weights and multiply-adds are counted here, times are measured
by a backend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeAlias

import networkx as nx

from dslnas.graph.lower.network import lower_network
from dslnas.graph.lower.subgraph import Applied, Placed, Subgraph
from dslnas.space.architecture import Architecture, trained_network
from dslnas.space.network import BuildingBlocks, SearchSpace

Cost: TypeAlias = Callable[[Applied], float]
"""Cost of an operation at its place in a network."""

CostRows: TypeAlias = tuple[tuple[float, ...], ...]
"""One row per row of alpha, one number per operation of that row."""


@dataclass(frozen=True)
class CostTable:
    """Costs of a network, divided into what is chosen and what is not.

    An architecture costs `fixed` and the number of every operation that it has.

    Attributes:
        fixed: Stem, head, preprocessing and edges without a choice; of gates the weights, which all
            edges of a node share.
        by_cell: For every searched cell the sum over all places where it stands; all 0 if it
            stands nowhere.
    """

    fixed: float
    by_cell: Mapping[str, CostRows]


def cost_table(space: SearchSpace | Architecture, cost: Cost) -> CostTable:
    """Return what the final network of a space costs, without auxiliary head.

    What no output reads counts too. The cost is one of `COUNTED` or a measurement, asked for once
    in every distinct cell. NAS4xx where shapes do not fit.
    """
    bills = _bills(space, cost, derived=True)
    by_cell = {}
    for name in space.searched if isinstance(space, SearchSpace) else ():
        places = [bill for of, bill in bills if of == name]
        by_cell[name] = tuple(
            tuple(sum(bill.rows[row][column] for bill in places) for column in range(len(priced)))
            for row, priced in enumerate(_free(space, name))
        )
    return CostTable(sum(bill.fixed for _, bill in bills), by_cell)


def operation_costs(space: SearchSpace, cell: str, cost: Cost) -> CostRows:
    """Return what each candidate costs where the cell first stands in the final network.

    The operations are those of the search, without weights of batch norms. All 0 if it stands
    nowhere.
    """
    bills = (bill for of, bill in _bills(space, cost, derived=False) if of == cell)
    first = next(bills, None)
    free = _free(space, cell)
    return free if first is None else tuple(first.rows[row] for row in range(len(free)))


def count_params(item: Applied) -> float:
    """Return the trained weights of an operation, those of equal ones elsewhere left out."""
    return item.params


def count_flops(item: Applied) -> float:
    """Return the multiply-adds of an operation."""
    layers = item.body.layers
    sources = (part.shape for part in reversed(item.source.parts))  # SOURCE is last
    shapes = [*(layer.shape for layer in layers), *sources]
    return sum(
        layer.primitive.flops(
            dict(layer.attributes), tuple(shapes[i] for i in layer.inputs), layer.shape
        )
        for layer in layers
    )


COUNTED: Mapping[str, Cost] = {"params": count_params, "flops": count_flops}
"""The quantities that need no measurement."""


@dataclass(frozen=True)
class _Bill:
    """Cost of a part of a network in any case, and of its candidates by row of alpha."""

    fixed: float
    rows: Mapping[int, tuple[float, ...]]


def _free(space: BuildingBlocks, cell: str) -> CostRows:
    return tuple((0.0,) * len(edge.operations) for edge in space.cells[cell].choices)


def _bills(
    space: SearchSpace | Architecture, cost: Cost, *, derived: bool
) -> list[tuple[str, _Bill]]:
    """Return the bill of every part of the final network, each beside the name of its cell."""
    network = lower_network(space, trained_network(space), derived=derived)
    bill_of = cache(partial(_bill, cost=cost))
    return [(part.subgraph.cell, bill_of(part.subgraph)) for part in network.parts]


def _bill(part: Subgraph, cost: Cost) -> _Bill:
    edge_of = cache(partial(_edge, cost=cost))
    fixed = 0.0
    rows = {}
    for item in part.items:
        if isinstance(item, Applied):
            fixed += cost(item)
        elif isinstance(item, Placed) and item.row is None:
            fixed += sum(cost(i) for i in item.subgraph.items if isinstance(i, Applied))
        elif isinstance(item, Placed) and item.row is not None:
            shared, rows[item.row] = edge_of(item.subgraph)
            fixed += shared
    return _Bill(fixed, rows)


def _edge(edge: Subgraph, cost: Cost) -> tuple[float, tuple[float, ...]]:
    """Return what an edge with a choice costs in any case, and what each of its operations costs.

    Weights that are shared cost the same whichever edges stay; all else goes with the operations
    that need it.
    """
    dag = nx.DiGraph((name, item.result.name) for item in edge.items for name in item.inputs)
    applied = [item for item in edge.items if isinstance(item, Applied)]
    own = {i.result.name: cost(i.borrowing if i.is_shared else i) for i in applied}
    fixed = sum(cost(i) for i in applied) - sum(own.values())
    mix = edge.items[-1]
    needed = [nx.ancestors(dag, end) | {end} for end in mix.inputs]
    return fixed, tuple(sum(own[name] for name in own if name in names) for names in needed)
