"""Do all shapes of a network fit, and is it small enough to be built?

Answered without its graph, which has thousands of nodes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dslnas.diagnostics import user_error
from dslnas.graph.graph import Mix
from dslnas.graph.lower.network_walk import NetworkWalk
from dslnas.graph.lower.op_body import Fragment
from dslnas.graph.lower.value import Shared
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import Shape
from dslnas.space.cell import Cell, Edge
from dslnas.space.network import Network, SearchSpace

MOST_NODES = 300_000
"""Of a graph: so many take about half a minute to build, before anything is trained."""


def check_search(space: SearchSpace) -> int:
    """Check that every operation fits every place of the supernet.

    Returns:
        The trained weights of the supernet, those included that no output reads.

    Raises:
        UserError: NAS4xx where shapes do not fit, NAS410 if its graph would be too large.
    """
    size = size_of(space, derived=False)
    _check_size(size, space.network)
    return size.params


def check_final(space: SearchSpace) -> int:
    """Check that every operation fits every place of the network that is trained at the end.

    Where there still is a choice, it is not known yet how large the graph will be.

    Returns:
        Its trained weights, of all candidates where there still is a choice.

    Raises:
        UserError: NAS4xx where shapes do not fit, NAS410 if its graph would be too large.
    """
    size = size_of(space, derived=True)
    if space.is_architecture:
        _check_size(size, space.final)
    return size.params


@dataclass(frozen=True)
class Size:
    """How large a network is, what no output reads included.

    Attributes:
        params: Its trained weights.
        nodes: Of its graph.
    """

    params: int = 0
    nodes: int = 0

    def __add__(self, other: Size) -> Size:
        return Size(self.params + other.params, self.nodes + other.nodes)


def size_of(space: SearchSpace, *, derived: bool) -> Size:
    """Return the size of the supernet, or of the network that is trained at the end.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    network = space.final if derived else space.network
    walk = _ShapeWalk(space, network, derived=derived)
    walk.walk(training=derived)
    return walk.size


def _check_size(size: Size, network: Network) -> None:
    if size.nodes > MOST_NODES:
        raise user_error(
            "NAS410",
            f"graph of the network has {size.nodes:,} nodes, more than {MOST_NODES:,}",
            span=network.span,
            help="use fewer cells, nodes or operations to choose from, or shorter operations",
        )


class _ShapeWalk(NetworkWalk[Shape]):
    """Makes nothing on the way; a value is its shape. Equal cells and edges are looked at once."""

    def __init__(self, space: SearchSpace, network: Network, *, derived: bool) -> None:
        super().__init__(space, network, derived=derived)
        self.size = Size()
        self._seen: dict[object, tuple[Shape, Size]] = {}
        self._gated: set[str] = set()
        self._is_later = False

    def cell(self, name: str, cell: Cell, sources: list[Shape], channels: int) -> Shape:
        key = (cell.name, tuple(sources), channels)
        walk = super().cell
        self._gated, self._is_later = set(), False
        return self._once(key, lambda: walk(name, cell, sources, channels))

    def edge(
        self, path: str, cell: Cell, edge: Edge, source: Shape, channels: int, stride: int
    ) -> Shape:
        walk, is_fixed = super().edge, edge.row is None
        if cell.gate is None:
            key: object = (edge.operations, is_fixed, source, channels, stride)
        else:
            # The first edge of a node owns the weights of the gate.
            is_zero = all(operation.text in cell.zeros for operation in edge.operations)
            self._is_later = edge.target in self._gated
            self._gated |= set() if is_zero else {edge.target}
            key = (cell.name, edge.operations, is_fixed, source, channels, self._is_later)
        shape = self._once(key, lambda: walk(path, cell, edge, source, channels, stride))
        self._is_later = False
        return shape

    def _owner(self, shared: Shared | None, path: str) -> str | None:
        owner = super()._owner(shared, path)
        return path if shared is not None and self._is_later else owner

    def _once(self, key: object, walk: Callable[[], Shape]) -> Shape:
        """Walk through a part of the network, or remember the shape and size of an equal one."""
        if key not in self._seen:
            before, self.size = self.size, Size()
            self._seen[key] = walk(), self.size
            self.size = before
        shape, size = self._seen[key]
        self.size += size
        return shape

    def _made(self, shape: Shape) -> Shape:
        self.size += Size(nodes=1)
        return shape

    def input(self, shape: Shape) -> Shape:
        return self._made(shape)

    def shape(self, value: Shape) -> Shape:
        return value

    def path(self, parent: str, name: str) -> str:
        return ""

    def scope(self, parent: str, name: str, kind: str, label: str) -> str:
        return ""

    def layers(
        self,
        path: str,
        fragment: Fragment,
        source: Shape,
        owner: str | None = None,
        *,
        shared: bool = False,
    ) -> Shape:
        params = (fragment if owner is None else fragment.borrowing).params
        self.size += Size(params, len(fragment.layers))
        return fragment.shape

    def state(self, path: str, shape: Shape) -> Shape:
        return self._made(shape)

    def carry(self, state: Shape, value: Shape) -> None:
        return

    def drop_path(self, path: str, value: Shape) -> Shape:
        return self._made(value)

    def mix(self, path: str, mix: Mix, ends: list[Shape]) -> Shape:
        return self._made(ends[0])

    def join(self, path: str, primitive: str, ends: list[Shape]) -> Shape:
        return self._made(PRIMITIVES[primitive].shape({}, tuple(ends)))
