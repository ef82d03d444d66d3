"""What every candidate of every choice costs in the network that is trained at the end.

What a cost is, is left open: weights and multiply-adds are counted here, times are measured by a
backend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias

from dslnas.graph.graph import Mix
from dslnas.graph.lower.network_walk import NetworkWalk
from dslnas.graph.lower.op_body import SOURCE, Fragment
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import Shape
from dslnas.space.cell import Cell, Edge
from dslnas.space.network import Network, SearchSpace

Cost: TypeAlias = Callable[[Fragment, Shape], float]
"""What an operation costs that reads a value of some shape."""

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


def cost_table(space: SearchSpace, cost: Cost) -> CostTable:
    """Return what the final network of a space costs, without auxiliary head.

    What no output reads counts too: an input that no edge reads, a node that no kept edge reads.

    Args:
        space: Choices may be open or made.
        cost: One of `COUNTED`, or a measurement; asked once for every distinct cell.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    walk = _CostWalk(space, space.final, cost, derived=True)
    walk.walk()
    fixed = walk.bill.fixed + sum(bill.fixed for _, bill in walk.cells)
    by_cell = {}
    for name in space.searched:
        bills = [bill for of, bill in walk.cells if of == name]
        by_cell[name] = tuple(
            tuple(
                sum(bill.rows[row][column] for bill in bills) for column in range(len(operations))
            )
            for row, operations in enumerate(e.operations for e in space.cells[name].choices)
        )
    return CostTable(fixed, by_cell)


def operation_costs(space: SearchSpace, cell: str, cost: Cost) -> CostRows:
    """Return what each candidate costs where the cell first stands in the final network.

    The operations are those of the search, where batch_norm has no weights of its own unless asked
    for: so NASP's regulariser counts them.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    walk = _CostWalk(space, space.final, cost, derived=False)
    walk.walk()
    choices = space.cells[cell].choices
    for name, bill in walk.cells:
        if name == cell:
            return tuple(bill.rows[row] for row in range(len(choices)))
    return tuple((0.0,) * len(edge.operations) for edge in choices)


def count_params(fragment: Fragment, shape: Shape) -> float:
    """Return the trained weights of an operation."""
    return fragment.params


def count_flops(fragment: Fragment, shape: Shape) -> float:
    """Return the multiply-adds of an operation on one value of a shape."""
    total = 0
    for layer in fragment.layers:
        reads = tuple(shape if i == SOURCE else fragment.layers[i].shape for i in layer.inputs)
        total += layer.primitive.flops(dict(layer.attributes), reads, layer.shape)
    return total


COUNTED: Mapping[str, Cost] = {"params": count_params, "flops": count_flops}
"""The quantities that need no measurement."""


@dataclass
class _Bill:
    """What a part of a network costs in any case, and its candidates, by row of alpha."""

    fixed: float = 0.0
    rows: dict[int, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Value:
    """A value of the network, and by number what the layers of its edge cost that it needs."""

    shape: Shape
    needs: Mapping[int, float] = field(default_factory=dict)


class _CostWalk(NetworkWalk[_Value]):
    """Writes bills on the way; equal cells are walked through once.

    Attributes:
        bill: Of what is outside of cells.
        cells: By place in the layout the cell's name and its bill.
    """

    def __init__(self, space: SearchSpace, network: Network, cost: Cost, *, derived: bool) -> None:
        super().__init__(space, network, derived=derived)
        self._cost = cost
        self._known: dict[tuple[str, tuple[Shape, ...], int], tuple[_Value, _Bill]] = {}
        self._numbers = count()
        self._is_choosing = False
        self.bill = _Bill()
        self.cells: list[tuple[str, _Bill]] = []

    def cell(self, name: str, cell: Cell, sources: list[_Value], channels: int) -> _Value:
        key = (cell.name, tuple(source.shape for source in sources), channels)
        if key not in self._known:
            outside, self.bill = self.bill, _Bill()
            value = super().cell(name, cell, sources, channels)
            self._known[key] = (value, self.bill)
            self.bill = outside
        value, bill = self._known[key]
        self.cells.append((cell.name, bill))
        return value

    def edge(
        self, path: str, cell: Cell, edge: Edge, source: _Value, channels: int, stride: int
    ) -> _Value:
        self._is_choosing = edge.row is not None
        end = super().edge(path, cell, edge, _Value(source.shape), channels, stride)
        self._is_choosing = False
        return _Value(end.shape)

    def input(self, shape: Shape) -> _Value:
        return _Value(shape)

    def shape(self, value: _Value) -> Shape:
        return value.shape

    def path(self, parent: str, name: str) -> str:
        return ""

    def scope(self, parent: str, name: str, kind: str, label: str) -> str:
        return ""

    def layers(
        self,
        path: str,
        fragment: Fragment,
        source: _Value,
        owner: str | None = None,
        *,
        shared: bool = False,
    ) -> _Value:
        cost = self._cost(fragment if owner is None else fragment.borrowing, source.shape)
        if not self._is_choosing:
            self.bill.fixed += cost
            return _Value(fragment.shape)
        # what is shared costs the same whichever edges stay; what is left goes with the operation
        own = self._cost(fragment.borrowing, source.shape) if shared else cost
        self.bill.fixed += cost - own
        return _Value(fragment.shape, {**source.needs, next(self._numbers): own})

    def state(self, path: str, shape: Shape) -> _Value:
        return _Value(shape)

    def carry(self, state: _Value, value: _Value) -> None:
        return

    def drop_path(self, path: str, value: _Value) -> _Value:
        return value

    def mix(self, path: str, mix: Mix, ends: list[_Value]) -> _Value:
        self.bill.rows[mix.row] = tuple(sum(end.needs.values()) for end in ends)
        return _Value(ends[0].shape)

    def join(self, path: str, primitive: str, ends: list[_Value]) -> _Value:
        shape = PRIMITIVES[primitive].shape({}, tuple(end.shape for end in ends))
        return _Value(shape, {n: cost for end in ends for n, cost in end.needs.items()})
