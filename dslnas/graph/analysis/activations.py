"""Memory of a run of a graph, for one example: values, and what gradients need of them.

Every primitive says what its gradient keeps (`Primitive.keeps`). A value that several gradients
keep counts once, and so do a value and what only looks at its memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from dslnas.graph.analysis.plan import Step
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.catalogue import PRIMITIVES, has_trait
from dslnas.ops.primitive import Kept
from dslnas.ops.traits import Trait

NUMBER_BYTES = 4
"""Size of a float32."""

LOSS_COPIES = 3
"""Copies of the logits while the gradient of a cross-entropy is made: they, and two gradients."""


@dataclass(frozen=True)
class Activations:
    """Bytes for one example; of a recurrent network, for one token.

    Attributes:
        kept: Memory that the backward pass needs when the forward pass is over.
        live: The most that is held at once while the network runs forward, `kept` included.
        workspace: Inputs and output of the primitive that needs most: as much again is in use while
            its gradient is made.
    """

    kept: int
    live: int
    workspace: int

    @property
    def peak(self) -> int:
        """The most that is held at once, forward and backward."""
        return max(self.live, self.kept) + self.workspace


def activations(
    graph: PrimitiveGraph,
    steps: Iterable[Step],
    *,
    alpha: bool = False,
    gradients: bool = True,
    loops: bool = True,
) -> Activations:
    """Return what a run of the steps of a plan holds.

    Args:
        graph: Graph of the network.
        steps: Steps of its plan.
        alpha: Whether alpha has a gradient.
        gradients: Whether there are gradients; without them nothing is kept.
        loops: Whether CPU loops run the primitives that have some.
    """
    walk = _Walk(graph, loops=loops)
    for step in steps:
        walk.run(step, _kept_by(step, alpha) if gradients else Kept())
    if gradients:
        walk.lose(graph.outputs)
    return Activations(walk.kept, walk.live, walk.workspace)


def _kept_by(step: Step, alpha: bool) -> Kept:
    sums = step.node.mix is not None and has_trait(step.node.primitive, Trait.LINEAR)
    if step.observed or (sums and not alpha):
        return Kept()
    return PRIMITIVES[step.node.primitive].keeps


class _Walk:
    """Memory while the steps of a plan run, in bytes.

    Attributes:
        kept: Memory that gradients have kept so far.
        live: The most that was held.
        workspace: The most that a step read and gave.
    """

    def __init__(self, graph: PrimitiveGraph, *, loops: bool) -> None:
        self._graph, self._loops = graph, loops
        self._rows: Counter[str] = Counter()
        self._owner: dict[str, str] = {}
        self._holders: Counter[str] = Counter()
        self._kept: set[str] = set()
        # a recurrent cell runs on one token after the other: what it only uses is soon free again
        cells = (scope.path for scope in graph.scopes if scope.kind == "cell")
        self._loop = frozenset(cells) if graph.is_sequence else frozenset()
        self._held = 0
        self.kept = self.live = self.workspace = 0
        inputs = (node.name for node in graph.inputs.values())
        for name in (*inputs, *(state.name for state in graph.states)):
            self._rows[name] = 1
            self._make(name, name)

    def run(self, step: Step, keeps: Kept) -> None:
        """Run a step that keeps something."""
        name, primitive = step.node.name, PRIMITIVES[step.node.primitive]
        self._rows[name] = self._rows_of(step)
        size = self._size(name)
        self._make(name, self._owner[step.inputs[0]] if primitive.keeps.is_view else name)
        for kept in (*(step.inputs if keeps.inputs else ()), *((name,) if keeps.output else ())):
            self._keep(self._owner[kept])
        extra = size // NUMBER_BYTES * keeps.extra
        if keeps.without_loops and not self._loops:
            extra += self._size(step.inputs[0]) // NUMBER_BYTES * keeps.without_loops
        self.kept += extra
        self._held += extra
        if name.partition("/")[0] not in self._loop:
            self.live = max(self.live, self._held)
            self.workspace = max(self.workspace, size + sum(map(self._size, set(step.inputs))))
        for gone in step.last_use:
            self._let_go(self._owner[gone])

    def lose(self, outputs: Iterable[str]) -> None:
        """Take the cross-entropy: it keeps the logarithms of what the outputs become."""
        for name in outputs:
            self.kept += self._size(name)
            self._held += self._size(name)
            self.workspace = max(self.workspace, LOSS_COPIES * self._size(name))
        self.live = max(self.live, self._held)

    def _rows_of(self, step: Step) -> int:
        """Return how many values of an example's shape one example has: the parts of a stack."""
        rows = [self._rows[name] for name in step.inputs]
        if step.node.primitive == "stack":
            return sum(rows)
        if has_trait(step.node.primitive, Trait.ENDS_STACK):
            return rows[0] // step.node.parts
        return max(rows)

    def _size(self, name: str) -> int:
        return NUMBER_BYTES * self._rows[name] * prod(self._graph.by_name[name].shape)

    def _make(self, name: str, owner: str) -> None:
        self._owner[name] = owner
        self._hold(owner)

    def _keep(self, owner: str) -> None:
        if owner not in self._kept:
            self._kept.add(owner)
            self.kept += self._size(owner)
            self._hold(owner)

    def _hold(self, owner: str) -> None:
        if self._holders[owner] == 0:
            self._held += self._size(owner)
        self._holders[owner] += 1

    def _let_go(self, owner: str) -> None:
        self._holders[owner] -= 1
        if self._holders[owner] == 0:
            self._held -= self._size(owner)
