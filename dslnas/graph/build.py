"""Search space to primitive graph: the plain lowering, one group of primitives per operation.

Nothing is shared or reordered here. Later passes are tested against this graph.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import accumulate, groupby

from dslnas.diagnostics import Note, UserError, user_error
from dslnas.graph.expand import SOURCE, Expander, Fragment
from dslnas.graph.graph import INPUT, Mix, Node, PrimitiveGraph, Scope
from dslnas.language import ast
from dslnas.language.checked import Operation
from dslnas.primitives.catalogue import PRIMITIVES
from dslnas.primitives.rules import show_shape
from dslnas.primitives.spec import Shape
from dslnas.space.cell import Cell, Edge
from dslnas.space.space import Network, SearchSpace

PARTS = {"stem": "stem", "head": "head", "auxiliary": "auxiliary head"}
JOINS = {"concat": "concat", "sum": "add", "mean": "mean", "last": "add"}


def build_supernet_graph(space: SearchSpace) -> PrimitiveGraph:
    """Return the graph of the supernet: every candidate of every edge, weighed by `mix`.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    return _Builder(space, space.network, derived=False).build()


def build_derived_graph(architecture: SearchSpace, *, training: bool = False) -> PrimitiveGraph:
    """Return the graph of the network that is trained and exported.

    Args:
        architecture: A space with every choice made.
        training: Add what only helps training: a `drop_path` behind every operation that is not
            an identity, and the auxiliary head if the network has one.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    return _Builder(architecture, architecture.final, derived=True).build(training=training)


def check_derived(space: SearchSpace) -> None:
    """Check that every operation fits every place of the network that is trained at the end.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    _Builder(space, _without_repeats(space), derived=True).build(training=True)


def _without_repeats(space: SearchSpace) -> Network:
    """Return the final network with runs of equal cells shortened: all shapes still occur.

    In a run of cells that change neither size nor channels, a cell whose inputs all come from the
    run reads the same shapes as the next one.
    """
    layout: list[str] = []
    for name, run in groupby(space.final.layout):
        cell = space.cells[name]
        length = len(list(run))
        is_even = cell.stride == 1 and cell.widen == 1
        layout += [name] * (min(length, len(cell.inputs) + 1) if is_even else length)
    return replace(space.final, layout=tuple(layout))


class _Builder:
    def __init__(self, space: SearchSpace, network: Network, *, derived: bool) -> None:
        self._space = space
        self._network = network
        self._expander = Expander(space.definitions, space.constants, derived=derived)
        self._nodes: list[Node] = []
        self._paths: set[str] = set()
        self._shapes: dict[str, Shape] = {}
        self._scopes: list[Scope] = []
        self._drop_path = False

    def build(self, *, training: bool = False) -> PrimitiveGraph:
        network = self._network
        self._drop_path = training
        self._append(Node(INPUT, INPUT, (), (), network.input))
        channels = network.channels
        outputs = [self._expression("stem", network.stem, INPUT, channels)]
        after_reduction: tuple[str, int] | None = None
        for index, name in enumerate(network.layout):
            cell = self._space.cells[name]
            channels *= cell.widen
            sources = [outputs[max(0, len(outputs) - back)] for back in self._backs(cell)]
            outputs.append(self._cell(f"cell{index}", cell, sources, channels))
            if cell.stride > 1:
                after_reduction = (outputs[-1], channels)
        second = None
        if training and network.auxiliary is not None:
            if after_reduction is None:
                raise user_error(
                    "NAS407",
                    "auxiliary head has no place: no cell reduces the size",
                    span=network.span,
                    help="add a cell with `stride 2`, or write `auxiliary 0` in `evaluate`",
                )
            second = self._expression("auxiliary", network.auxiliary, *after_reduction)
        output = self._expression("head", network.head, outputs[-1], channels)
        self._check_head(output, network.head)
        if second is not None and network.auxiliary is not None:
            self._check_head(second, network.auxiliary)
        alphas = {
            name: (len(cell.choices), cell.width)
            for name in dict.fromkeys(network.layout)
            if (cell := self._space.cells[name]).choices
        }
        graph = PrimitiveGraph(tuple(self._nodes), output, second, tuple(self._scopes), alphas)
        return _without_unread(graph)

    @staticmethod
    def _backs(cell: Cell) -> range:
        """How many outputs back each input of a cell lies; the last is the cell just before."""
        return range(len(cell.inputs), 0, -1)

    # ---- parts ----------------------------------------------------------------------------------

    def _expression(self, path: str, expression: ast.Expression, source: str, channels: int) -> str:
        reads = self._shapes[source]
        try:
            fragment = self._expander.expression(expression, reads, channels, self._network.classes)
        except UserError as error:
            first = error.diagnostics[0]
            place = f"{first.message}, in the {PARTS[path]} of the network"
            raise UserError([replace(first, message=place)]) from None
        self._scopes.append(Scope(path, path, path))
        return self._place(path, fragment, source)

    def _cell(self, path: str, cell: Cell, sources: list[str], channels: int) -> str:
        self._scopes.append(Scope(path, "cell", cell.name))
        values = self._preprocess(path, cell, sources, channels)
        reference = self._shapes[values[cell.inputs[-1]]]
        size = tuple(-(-n // cell.stride) for n in reference[1:])
        expected = (channels, *size)
        for node in cell.nodes:
            terms = []
            for edge in cell.incoming(node):
                edge_path = self._unused(f"{path}/{node}_{edge.source}")
                stride = cell.stride if edge.source in cell.inputs else 1
                terms.append(
                    self._edge(edge_path, cell, edge, values[edge.source], channels, stride)
                )
                self._check_shape(cell, edge, terms[-1], expected)
            values[node] = self._join(self._unused(f"{path}/{node}"), "add", terms)
        ends = [values[node] for node in cell.output_of]
        return self._join(self._unused(f"{path}/output"), JOINS[cell.output], ends)

    def _preprocess(
        self, path: str, cell: Cell, sources: list[str], channels: int
    ) -> dict[str, str]:
        """Bring all inputs to the size of the last one and to C channels."""
        if cell.preprocess is None:
            return dict(zip(cell.inputs, sources, strict=True))
        values = {}
        size = self._shapes[sources[-1]][1:]
        for name, source in zip(cell.inputs, sources, strict=True):
            shape = self._shapes[source]
            stride = max((-(-n // m) for n, m in zip(shape[1:], size, strict=True)), default=1)
            where = f"on input `{name}` of cell `{cell.name}`"
            fragment = self._fragment(cell.preprocess, shape, channels, stride, where)
            if fragment.shape != (channels, *size):
                raise user_error(
                    "NAS404",
                    f"`{cell.preprocess.text}` gives {show_shape(fragment.shape)} {where}, "
                    f"which needs {show_shape((channels, *size))}",
                    span=cell.preprocess.span,
                    help="use an operation that gives C channels and can be strided",
                )
            here = self._unused(f"{path}/{name}")
            self._scopes.append(Scope(here, "preprocess", cell.preprocess.text))
            values[name] = self._place(here, fragment, source)
        return values

    def _edge(
        self, path: str, cell: Cell, edge: Edge, source: str, channels: int, stride: int
    ) -> str:
        where = f"on edge {edge.source} -> {edge.target} of cell `{cell.name}`"
        ends = []
        for operation in edge.operations:
            fragment = self._fragment(operation, self._shapes[source], channels, stride, where)
            slug = re.sub(r"\W+", "_", operation.text).strip("_")
            here = self._unused(f"{path}/{slug}")
            self._scopes.append(Scope(here, "operation", operation.text))
            end = self._place(here, fragment, source)
            if self._drop_path and any(x.primitive.name != "identity" for x in fragment.layers):
                end = self._append(
                    Node(f"{here}/drop_path", "drop_path", (end,), (), self._shapes[end])
                )
            ends.append(end)
        if edge.row is None:
            return ends[0]
        self._check_alike(edge, ends, where)
        mix = Mix(cell.name, edge.row)
        return self._append(Node(path, "mix", tuple(ends), (), self._shapes[ends[0]], mix=mix))

    def _fragment(
        self, operation: Operation, shape: Shape, channels: int, stride: int, where: str
    ) -> Fragment:
        try:
            return self._expander.operation(operation, shape, channels, stride)
        except UserError as error:
            first = error.diagnostics[0]
            if operation.span is None or first.span == operation.span:
                note: tuple[Note, ...] = ()
            else:
                strided = f" at stride {stride}" if stride > 1 else ""
                reads = f"reading {show_shape(shape)}{strided} {where}"
                note = (Note(f"`{operation.text}` is chosen here, {reads}", operation.span),)
            raise UserError([replace(first, notes=(*first.notes, *note))]) from None

    # ---- checks ---------------------------------------------------------------------------------

    def _check_head(self, end: str, head: ast.Expression) -> None:
        if self._shapes[end] != (self._network.classes,):
            shown = show_shape(self._shapes[end])
            raise user_error(
                "NAS405",
                f"head gives {shown}, not {self._network.classes} classes",
                span=head.span,
                help="end it with `linear(classes)`",
            )

    def _check_alike(self, edge: Edge, ends: list[str], where: str) -> None:
        first = self._shapes[ends[0]]
        for operation, end in zip(edge.operations, ends, strict=True):
            if self._shapes[end] != first:
                raise user_error(
                    "NAS404",
                    f"`{operation.text}` gives {show_shape(self._shapes[end])} {where}, "
                    f"but `{edge.operations[0].text}` gives {show_shape(first)}",
                    span=operation.span,
                    help="all operations of an edge must give the same shape",
                )

    def _check_shape(self, cell: Cell, edge: Edge, end: str, expected: Shape) -> None:
        if self._shapes[end] != expected:
            raise user_error(
                "NAS404",
                f"`{edge.operations[0].text}` gives {show_shape(self._shapes[end])} on edge "
                f"{edge.source} -> {edge.target} of cell `{cell.name}`, "
                f"which needs {show_shape(expected)}",
                span=edge.operations[0].span,
                help="an operation must give C channels and reduce the size by the stride only",
            )

    # ---- nodes ----------------------------------------------------------------------------------

    def _join(self, name: str, primitive: str, ends: list[str]) -> str:
        """Join values; a single one needs no node of its own."""
        if len(ends) == 1:
            return ends[0]
        shape = PRIMITIVES[primitive].shape({}, tuple(self._shapes[end] for end in ends))
        return self._append(Node(name, primitive, tuple(ends), (), shape))

    def _place(self, path: str, fragment: Fragment, source: str) -> str:
        """Add the layers of a fragment under a path; return the name of its output."""
        names: list[str] = []

        def name_of(place: int) -> str:
            return source if place == SOURCE else names[place]

        for number, layer in enumerate(fragment.layers):
            names.append(f"{path}/{number}_{layer.primitive.name}")
            self._append(
                Node(
                    names[-1],
                    layer.primitive.name,
                    tuple(name_of(i) for i in layer.inputs),
                    layer.attributes,
                    layer.shape,
                    layer.weights,
                )
            )
        return name_of(fragment.output)

    def _unused(self, path: str) -> str:
        """Return the path, numbered if it is taken: `a_b` reading `c` and `a` reading `b_c`."""
        number, free = 1, path
        while free in self._paths:
            number += 1
            free = f"{path}_{number}"
        self._paths.add(free)
        return free

    def _append(self, node: Node) -> str:
        self._nodes.append(node)
        self._shapes[node.name] = node.shape
        return node.name


def _without_unread(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Drop what no output depends on: an input that no edge reads, a cell that the next skips."""
    nodes = tuple(n for n in graph.nodes if n.name in graph.needed or n.primitive == INPUT)
    around = {path for n in nodes for path in accumulate(n.name.split("/"), "{}/{}".format)}
    scopes = tuple(scope for scope in graph.scopes if scope.path in around)
    return replace(graph, nodes=nodes, scopes=scopes)
