"""Do all shapes of a network fit? Answered without its graph, which has thousands of nodes."""

from __future__ import annotations

from collections.abc import Callable

from dslnas.graph.fragment import Fragment
from dslnas.graph.graph import Mix
from dslnas.graph.value_walk import Shared
from dslnas.graph.walk import NetworkWalk
from dslnas.primitives.catalogue import PRIMITIVES
from dslnas.primitives.spec import Shape
from dslnas.space.cell import Cell, Edge
from dslnas.space.space import Network, SearchSpace


def check_search(space: SearchSpace) -> int:
    """Check that every operation fits every place of the supernet.

    Returns:
        The trained weights of the supernet, those included that no output reads.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    walk = _ShapeWalk(space, space.network, derived=False)
    walk.walk()
    return walk.params


def check_final(space: SearchSpace) -> int:
    """Check that every operation fits every place of the network that is trained at the end.

    Returns:
        Its trained weights, of all candidates where there still is a choice.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    walk = _ShapeWalk(space, space.final, derived=True)
    walk.walk(training=True)
    return walk.params


class _ShapeWalk(NetworkWalk[Shape]):
    """Makes nothing on the way; a value is its shape. Equal cells and edges are looked at once."""

    params = 0

    def __init__(self, space: SearchSpace, network: Network, *, derived: bool) -> None:
        super().__init__(space, network, derived=derived)
        self._seen: dict[object, tuple[Shape, int]] = {}
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
        walk = super().edge
        if cell.gate is None:
            key: object = (edge.operations, source, channels, stride)
        else:
            # The first edge of a node owns the weights of the gate.
            is_zero = all(operation.text in cell.zeros for operation in edge.operations)
            self._is_later = edge.target in self._gated
            self._gated |= set() if is_zero else {edge.target}
            key = (cell.name, edge.operations, source, channels, self._is_later)
        shape = self._once(key, lambda: walk(path, cell, edge, source, channels, stride))
        self._is_later = False
        return shape

    def _owner(self, shared: Shared | None, path: str) -> str | None:
        owner = super()._owner(shared, path)
        return path if shared is not None and self._is_later else owner

    def _once(self, key: object, walk: Callable[[], Shape]) -> Shape:
        """Walk through a part of the network, or remember what an equal one gave and weighed."""
        if key not in self._seen:
            before, self.params = self.params, 0
            self._seen[key] = walk(), self.params
            self.params = before
        shape, params = self._seen[key]
        self.params += params
        return shape

    def input(self, shape: Shape) -> Shape:
        return shape

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
        self.params += (fragment if owner is None else fragment.borrowing).params
        return fragment.shape

    def state(self, path: str, shape: Shape) -> Shape:
        return shape

    def carry(self, state: Shape, value: Shape) -> None:
        return

    def drop_path(self, path: str, value: Shape) -> Shape:
        return value

    def mix(self, path: str, mix: Mix, ends: list[Shape]) -> Shape:
        return ends[0]

    def join(self, path: str, primitive: str, ends: list[Shape]) -> Shape:
        return PRIMITIVES[primitive].shape({}, tuple(ends))
