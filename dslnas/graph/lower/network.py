"""Search space to primitive graph: the plain lowering, one group of primitives per operation.

Nothing is shared or reordered here. Later passes are tested against this graph.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from dslnas.diagnostics import UserError, user_error
from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import INPUT, Node, PrimitiveGraph, Scope, edges_of
from dslnas.graph.lower.cell import lower_cell
from dslnas.graph.lower.context import CellContext
from dslnas.graph.lower.expand import Expander
from dslnas.graph.lower.op_body import OpBody
from dslnas.graph.lower.subgraph import OUTSIDE, Applied, Placed, Subgraph, Value, below
from dslnas.graph.lower.subgraph_builder import SubgraphBuilder
from dslnas.language.check.cell import Cell
from dslnas.language.syntax import ast
from dslnas.ops.primitive import Shape
from dslnas.ops.shapes import show_shape
from dslnas.space.architecture import Architecture
from dslnas.space.choice_table import choice_table
from dslnas.space.network import BuildingBlocks, Input, Network, SearchSpace, network_graph

PARTS = {"stem": "stem", "head": "head", "auxiliary": "auxiliary head"}


def build_supernet_graph(space: SearchSpace) -> PrimitiveGraph:
    """Return the graph of the supernet: every candidate of every edge, weighed by `mix`.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    return without_unread(lower_network(space, space.network, derived=False).graph())


def build_derived_graph(architecture: Architecture, *, training: bool = False) -> PrimitiveGraph:
    """Return the graph of the network that is trained and exported.

    Args:
        architecture: The architecture that is trained; the graphs of the latest few are kept.
        training: Add what only helps training: a `drop_path` behind every operation that is not
            an identity, and the auxiliary head if the network has one.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    return _derived_graph(architecture, training)


@lru_cache(maxsize=4)
def _derived_graph(architecture: Architecture, training: bool) -> PrimitiveGraph:
    network = architecture.network
    lowered = lower_network(architecture, network, derived=True, training=training)
    return without_unread(lowered.graph())


@dataclass(frozen=True)
class LoweredNetwork:
    """A network whose shapes fit, part by part.

    Attributes:
        inputs: Nodes of what it reads.
        parts: Stems, cells and heads in order; equal cells are one subgraph.
        output: Name of the node that gives the logits.
        auxiliary: Name of the node that gives the second logits while training.
        alphas: Rows and columns of every alpha, those of edges behind those of operations.
    """

    inputs: tuple[Node, ...]
    parts: tuple[Placed, ...]
    output: str
    auxiliary: str | None
    alphas: dict[str, tuple[int, int]]

    @property
    def node_count(self) -> int:
        """The number of nodes of its graph, those included that no output reads."""
        return len(self.inputs) + sum(part.node_count for part in self.parts)

    @property
    def params(self) -> int:
        """The number of its trained weights, those included that no output reads."""
        return sum(part.params for part in self.parts)

    def graph(self) -> PrimitiveGraph:
        """Return the graph, with nodes that no output reads."""
        return PrimitiveGraph(
            (*self.inputs, *(node for part in self.parts for node in part.nodes())),
            self.output,
            self.auxiliary,
            tuple(scope for part in self.parts for scope in part.scopes()),
            self.alphas,
            tuple(state for part in self.parts for state in part.states()),
        )


def lower_network(
    space: BuildingBlocks, network: Network, *, derived: bool, training: bool = False
) -> LoweredNetwork:
    """Return a network with every operation at its place; NAS4xx where shapes do not fit.

    Operations may differ between search and `derived`; `training` is as of `build_derived_graph`.
    """
    expander = Expander(space.definitions, space.constants, derived=derived)
    return _NetworkLowering(space, network, expander, training=training).lowered()


class _NetworkLowering:
    """Lowers a network from its input to its output."""

    def __init__(
        self, space: BuildingBlocks, network: Network, expander: Expander, *, training: bool
    ) -> None:
        self._space = space
        self._network = network
        self._expander = expander
        self._training = training
        self._parts: list[Placed] = []
        self._cells: dict[tuple[str, tuple[Shape, ...], int], Subgraph] = {}
        self._tables: dict[str, tuple[str, Shape]] = {}

    def lowered(self) -> LoweredNetwork:
        network = self._network
        channels = network.channels
        inputs = tuple(
            Node(below(INPUT, given.name), INPUT, (), (), given.shape) for given in network.inputs
        )
        outputs = {
            given.part: self._part(
                "stem", given.stem, Value(node.name, node.shape), channels, given
            )
            for given, node in zip(network.inputs, inputs, strict=True)
        }
        after_reduction: tuple[Value, int] | None = None
        parts = network_graph(network, self._space.cells)
        for index, name in enumerate(network.layout):
            cell, part = self._space.cells[name], f"cell{index}"
            channels *= cell.widen
            sources = [outputs[source] for source, _ in parts.in_edges(part)]
            outputs[part] = self._cell(part, cell, sources, channels)
            if cell.stride > 1:
                after_reduction = (outputs[part], channels)
        auxiliary = self._auxiliary(after_reduction) if self._training else None
        output = self._head("head", network.head, outputs[part], channels)
        return LoweredNetwork(inputs, tuple(self._parts), output, auxiliary, self._alphas())

    def _cell(self, path: str, cell: Cell, sources: list[Value], channels: int) -> Value:
        shapes = tuple(source.shape for source in sources)
        key = (cell.name, shapes, channels)
        if key not in self._cells:
            context = CellContext(
                cell,
                channels,
                self._expander,
                SubgraphBuilder(cell.name),
                self._network.partial,
                self._network.has_skips,
                self._training,
            )
            inputs = [Value(f"{OUTSIDE}{i}", shape) for i, shape in enumerate(shapes)]
            self._cells[key] = lower_cell(context, inputs)
        return self._placed(path, self._cells[key], [source.name for source in sources])

    def _auxiliary(self, place: tuple[Value, int] | None) -> str | None:
        head = self._network.auxiliary
        if head is None:
            return None
        if place is None:
            raise user_error(
                "NAS407",
                "auxiliary head has no place: no cell reduces the size",
                span=self._network.span,
                help="add a cell with `stride 2`, or write `auxiliary 0` in `evaluate`",
            )
        return self._head("auxiliary", head, *place)

    def _head(self, name: str, head: ast.Expression, source: Value, channels: int) -> str:
        end = self._part(name, head, source, channels)
        if end.shape != (self._network.classes,):
            raise user_error(
                "NAS405",
                f"head gives {show_shape(end.shape)}, not {self._network.classes} classes",
                span=head.span,
                help="end it with `linear(classes)`",
            )
        return end.name

    def _part(
        self,
        kind: str,
        expression: ast.Expression,
        source: Value,
        channels: int,
        given: Input | None = None,
    ) -> Value:
        """Lower the stem of an input, or a head."""
        reads, words = (given.name, given.words) if given is not None else ("", None)
        classes, path = self._network.classes, below(kind, reads)
        try:
            body = self._expander.expression(expression, source.shape, channels, classes, words)
            _check_table(body, words, expression)
        except UserError as error:
            first = error.diagnostics[0]
            place = f"{first.message}, in the {PARTS[kind]} of {_shown(reads)}"
            raise UserError([replace(first, message=place)]) from None
        item = Applied("", 0, body, Value(f"{OUTSIDE}0", source.shape))
        self._check_tied(path, item, expression)
        subgraph = Subgraph((item,), item.result, (Scope("", kind, reads or kind),))
        return self._placed(path, subgraph, [source.name])

    def _placed(self, path: str, subgraph: Subgraph, sources: list[str]) -> Value:
        outside = {f"{OUTSIDE}{place}": source for place, source in enumerate(sources)}
        outside |= {f"{OUTSIDE}{kind}": node for kind, (node, _) in self._tables.items()}
        self._parts.append(Placed(path, subgraph, outside))
        return self._parts[-1].result

    def _check_tied(self, path: str, part: Applied, expression: ast.Expression) -> None:
        """Check that what uses the table of an embedding finds one that fits."""
        for name, layer in zip(part.names, part.body.layers, strict=True):
            table = layer.weights[0].shape if layer.weights else ()
            _, tied = self._tables.get(layer.primitive.tied_to, ("", None))
            if layer.primitive.tied_to and table != tied:
                raise user_error(
                    "NAS401",
                    f"`{layer.primitive.name}` needs the table of an embedding, "
                    f"{show_shape(table)}, but that of the stem is "
                    f"{'none' if tied is None else show_shape(tied)}",
                    span=expression.span,
                    help="let the stem begin with `embedding`, and the cells keep its width",
                )
            self._tables.setdefault(layer.primitive.name, (f"{path}/{name}", table))

    def _alphas(self) -> dict[str, tuple[int, int]]:
        names = dict.fromkeys(self._network.layout)
        searched = [cell for name in names if (cell := self._space.cells[name]).choices]
        more = int(self._network.has_skips)
        alphas = {cell.name: (len(cell.choices), cell.width + more) for cell in searched}
        if self._network.partial is not None:
            for cell in searched:
                sums = choice_table(cell).choosing
                alphas[edges_of(cell.name)] = (len(sums), max(map(len, sums)))
        return alphas


def _shown(reads: str) -> str:
    return f"input `{reads}`" if reads else "the network"


def _check_table(body: OpBody, words: int | None, expression: ast.Expression) -> None:
    """Check that a table has a row for every token of an input that says how many there are."""
    for layer in body.layers:
        rows = layer.weights[0].shape[0] if layer.primitive.reads_tokens else words
        if words is not None and rows != words:
            raise user_error(
                "NAS405",
                f"`{layer.primitive.name}` has {rows} rows for {words} different tokens",
                span=expression.span,
                help="leave out `words`: they are those of the input",
            )
