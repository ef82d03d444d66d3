"""Search space to primitive graph: the plain lowering, one group of primitives per operation.

Nothing is shared or reordered here. Later passes are tested against this graph.
"""

from __future__ import annotations

import re

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import INPUT, Mix, Node, PrimitiveGraph, Scope, State, edges_of
from dslnas.graph.lower.network_walk import NetworkWalk
from dslnas.graph.lower.op_body import SOURCE, Fragment, Layer
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import Shape
from dslnas.space.choice_table import choice_table
from dslnas.space.network import Network, SearchSpace


def build_supernet_graph(space: SearchSpace) -> PrimitiveGraph:
    """Return the graph of the supernet: every candidate of every edge, weighed by `mix`.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    return _GraphBuilder(space, space.network, derived=False).build()


def build_derived_graph(architecture: SearchSpace, *, training: bool = False) -> PrimitiveGraph:
    """Return the graph of the network that is trained and exported.

    Args:
        architecture: A space with every choice made.
        training: Add what only helps training: a `drop_path` behind every operation that is not
            an identity, and the auxiliary head if the network has one.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    return _GraphBuilder(architecture, architecture.final, derived=True).build(training=training)


class _GraphBuilder(NetworkWalk[str]):
    """Makes nodes on the way; a value is the name of a node."""

    def __init__(self, space: SearchSpace, network: Network, *, derived: bool) -> None:
        super().__init__(space, network, derived=derived)
        self._nodes: list[Node] = []
        self._paths: set[str] = set()
        self._shapes: dict[str, Shape] = {}
        self._scopes: list[Scope] = []
        self._states: list[State] = []
        self._numbers: dict[str, int] = {}

    def build(self, *, training: bool = False) -> PrimitiveGraph:
        output, second = self.walk(training=training)
        graph = PrimitiveGraph(
            tuple(self._nodes),
            output,
            second,
            tuple(self._scopes),
            self._alphas(),
            tuple(self._states),
        )
        return without_unread(graph)

    def _alphas(self) -> dict[str, tuple[int, int]]:
        """Return the sizes of all alphas, those of edges behind those of operations."""
        names = dict.fromkeys(self._network.layout)
        searched = [cell for name in names if (cell := self._space.cells[name]).choices]
        alphas = {cell.name: (len(cell.choices), cell.width) for cell in searched}
        if self._network.partial is not None:
            for cell in searched:
                sums = choice_table(cell).choosing
                alphas[edges_of(cell.name)] = (len(sums), max(map(len, sums)))
        return alphas

    def input(self, shape: Shape) -> str:
        return self._append(Node(INPUT, INPUT, (), (), shape))

    def shape(self, value: str) -> Shape:
        return self._shapes[value]

    def path(self, parent: str, name: str) -> str:
        """Return a path, numbered if it is taken: `a_b` reading `c` and `a` reading `b_c`."""
        path = free = f"{parent}/{name}" if parent else name
        number = 1
        while free in self._paths:
            number += 1
            free = f"{path}_{number}"
        self._paths.add(free)
        return free

    def scope(self, parent: str, name: str, kind: str, label: str) -> str:
        word = re.sub(r"\W+", "_", name).strip("_") if kind == "operation" else name
        path = self.path(parent, word)
        self._scopes.append(Scope(path, kind, label))
        return path

    def layers(
        self,
        path: str,
        fragment: Fragment,
        source: str,
        owner: str | None = None,
        *,
        shared: bool = False,
    ) -> str:
        names: list[str] = []
        before = self._numbers.get(path, 0)
        self._numbers[path] = before + len(fragment.layers)

        def name_of(place: int) -> str:
            return source if place == SOURCE else names[place]

        for number, layer in enumerate(fragment.layers, before):
            word = f"{number}_{layer.primitive.name}"
            names.append(f"{path}/{word}")
            self._append(
                Node(
                    names[-1],
                    layer.primitive.name,
                    tuple(name_of(i) for i in layer.inputs),
                    layer.attributes,
                    layer.shape,
                    layer.weights,
                    borrowed=self._borrowed(layer, None if owner is None else f"{owner}/{word}"),
                )
            )
        return name_of(fragment.output)

    def _borrowed(self, layer: Layer, owner: str | None) -> tuple[tuple[str, str], ...]:
        """Return which weights of a layer are those of another node."""
        if owner is not None:
            return tuple((weight.name, f"{owner}/{weight.name}") for weight in layer.weights)
        if layer.primitive.tied_to:
            table = next(n for n in self._nodes if n.primitive == layer.primitive.tied_to)
            return (("weight", f"{table.name}/weight"),)
        return ()

    def state(self, path: str, shape: Shape) -> str:
        return self._append(Node(path, "state", (), (("out", shape[0]),), shape))

    def carry(self, state: str, value: str) -> None:
        self._states.append(State(state, value))

    def drop_path(self, path: str, value: str) -> str:
        name = self.path(path, "drop_path")  # a gate may apply the operation more than once
        return self._append(Node(name, "drop_path", (value,), (), self._shapes[value]))

    def mix(self, path: str, mix: Mix, ends: list[str]) -> str:
        return self._append(Node(path, "mix", tuple(ends), (), self._shapes[ends[0]], mix=mix))

    def join(self, path: str, primitive: str, ends: list[str]) -> str:
        shape = PRIMITIVES[primitive].shape({}, tuple(self._shapes[end] for end in ends))
        return self._append(Node(path, primitive, tuple(ends), (), shape))

    def _append(self, node: Node) -> str:
        self._nodes.append(node)
        self._shapes[node.name] = node.shape
        return node.name
