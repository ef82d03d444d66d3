"""Costs of every candidate of every choice in the network that is trained at the end.

What an operation costs is left open: weights and multiply-adds are counted here, times are measured
by a backend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from typing import TypeAlias

import networkx as nx

from dslnas.graph.lower.network import lower_network
from dslnas.graph.lower.subgraph import Applied, Placed, Subgraph
from dslnas.language.check.cell import Operation
from dslnas.space.architecture import Architecture, trained_network
from dslnas.space.decision import Where, inner_of
from dslnas.space.network import NETWORK, presence
from dslnas.space.search_space import BuildingBlocks, SearchSpace

Cost: TypeAlias = Callable[[Applied], float]
"""Cost of an operation at its place in a network."""

CostRows: TypeAlias = tuple[tuple[float, ...], ...]
"""One row per row of alpha, one number per operation of that row."""


@dataclass(frozen=True)
class JointCost:
    """Cost of what is there only where several choices are made."""

    cost: float
    where: Where


@dataclass(frozen=True)
class CostTable:
    """Costs of a network, divided into what is chosen and what is not.

    An architecture costs `fixed`, the number of every operation that it has, and the joint costs
    whose choices it has all made.

    Attributes:
        fixed: Stem, head, preprocessing and edges without a choice; of gates the weights, which all
            edges of a node share.
        by_cell: For every searched cell the sum over all places where it stands; all 0 if it
            stands nowhere. An operation with choices inside of it has the mean of its forms.
        joint: Differences of the forms of such operations to the mean of them, and all costs of
            cells that are there only where choices around them are made.
    """

    fixed: float
    by_cell: Mapping[str, CostRows]
    joint: tuple[JointCost, ...] = ()


def cost_table(space: SearchSpace | Architecture, cost: Cost) -> CostTable:
    """Return what the final network of a space costs, without auxiliary head.

    What no output reads counts too. The cost is one of `COUNTED` or a measurement, asked for once
    in every distinct cell. NAS4xx where shapes do not fit.
    """
    fixed, joint = 0.0, list[JointCost]()
    by_cell = {
        name: [list(row) for row in _free(space, name)]
        for name in (space.searched if isinstance(space, SearchSpace) else ())
    }
    for cell, bill, wheres in _bills(space, cost, derived=True):
        if wheres != ((),):
            joint += bill.where(cell, wheres)
            continue
        fixed += bill.fixed
        joint += bill.joint
        for row, costs in bill.rows.items():
            for column, found in enumerate(costs):
                by_cell[cell][row][column] += found
    rows = {name: tuple(map(tuple, costs)) for name, costs in by_cell.items()}
    return CostTable(fixed, rows, tuple(joint))


def operation_costs(space: SearchSpace, cell: str, cost: Cost) -> CostRows:
    """Return what each candidate costs where the cell first stands in the final network.

    The operations are those of the search, without weights of batch norms. All 0 if it stands
    nowhere.
    """
    bills = (bill for of, bill, _ in _bills(space, cost, derived=False) if of == cell)
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
    joint: tuple[JointCost, ...] = ()

    def where(self, cell: str, wheres: Iterable[Where]) -> Iterator[JointCost]:
        """Yield all costs of a cell that is there only where choices around it are made."""
        for where in wheres:
            yield JointCost(self.fixed, where)
            for row, costs in self.rows.items():
                for column, cost in enumerate(costs):
                    yield JointCost(cost, ((cell, row, column), *where))
            for joint in self.joint:
                yield JointCost(joint.cost, (*joint.where, *where))


def _free(space: BuildingBlocks, cell: str) -> CostRows:
    return tuple((0.0,) * len(edge.operations) for edge in space.cells[cell].choices)


def _bills(
    space: SearchSpace | Architecture, cost: Cost, *, derived: bool
) -> Iterator[tuple[str, _Bill, tuple[Where, ...]]]:
    """Yield for every part of the final network its cell, its bill, and choices that put it there.

    The choices are as in `presence`, those of C added.
    """
    network = trained_network(space)
    row, there = len(network.decisions) - 1, presence(network)
    bill_of = cache(partial(_bill, cost=cost))
    for column, one in enumerate(network.each_width):
        lowered = lower_network(space, one, derived=derived)
        wide: Where = ((NETWORK, row, column),) if len(network.widths) > 1 else ()
        for part in lowered.parts:
            wheres = tuple((*where, *wide) for where in there.get(part.path, ((),)))
            yield part.subgraph.cell, bill_of(part.subgraph), wheres


def _bill(part: Subgraph, cost: Cost) -> _Bill:
    edge_of = cache(partial(_edge, cost=cost))
    fixed = 0.0
    rows = {}
    joint: list[JointCost] = []
    for item in part.items:
        if isinstance(item, Applied):
            fixed += cost(item)
        elif isinstance(item, Placed) and item.edge is not None:
            shared, forms = edge_of(item.subgraph, item.edge.operations)
            fixed += shared
            row, means = item.edge.row, tuple(sum(costs) / len(costs) for costs in forms)
            if row is None:
                fixed += means[0]
            else:
                rows[row] = means
            joint += _deviations(part.cell, item, forms, means)
    return _Bill(fixed, rows, tuple(joint))


def _deviations(
    cell: str, item: Placed, forms: Sequence[Sequence[float]], means: Sequence[float]
) -> Iterator[JointCost]:
    """Yield what the forms of the operations of an edge cost beyond the mean of each."""
    edge, alpha = item.edge, inner_of(cell)
    assert edge is not None, "asked of edges"
    first = item.rows.get(alpha, 0)
    for column, (operation, costs) in enumerate(zip(edge.operations, forms, strict=True)):
        own: Where = () if edge.row is None else ((cell, edge.row, column),)
        chosen = product(*(range(len(choice.alternatives)) for choice in operation.inner))
        for columns, found in zip(chosen, costs, strict=True):
            rows = (first + row for row in edge.inner_rows(column))
            inner = ((alpha, row, c) for row, c in zip(rows, columns, strict=True))
            if found != means[column]:
                yield JointCost(found - means[column], (*own, *inner))


def _edge(
    edge: Subgraph, operations: Sequence[Operation], cost: Cost
) -> tuple[float, tuple[tuple[float, ...], ...]]:
    """Return what an edge costs in any case, and what each form of each of its operations costs.

    Weights that are shared cost the same whichever edges stay; all else goes with the operations
    that need it.
    """
    dag = nx.DiGraph((name, item.result.name) for item in edge.items for name in item.inputs)
    applied = [item for item in edge.items if isinstance(item, Applied)]
    own = {i.result.name: cost(i.borrowing if i.is_shared else i) for i in applied}
    fixed = sum(cost(i) for i in applied) - sum(own.values())
    return fixed, tuple(
        tuple(sum(own[name] for name in own if name in needed) for needed in forms)
        for forms in _needed(edge, operations, dag)
    )


def _needed(
    edge: Subgraph, operations: Sequence[Operation], dag: nx.DiGraph[str]
) -> Iterator[list[set[str]]]:
    """Yield for each operation of an edge what each of its forms needs."""
    read = {item.result.name: item.inputs for item in edge.items}

    def forms(end: str, depth: int) -> list[set[str]]:
        if depth == 0:
            return [nx.ancestors(dag, end) | {end}]
        return [needed for source in read[end] for needed in forms(source, depth - 1)]

    output = edge.output.name
    ends = read[output] if len(operations) > 1 else (output,)
    for operation, end in zip(operations, ends, strict=True):
        yield forms(end, len(operation.inner))
