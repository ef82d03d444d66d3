"""Search space to primitive graph: the plain lowering, one group of primitives per operation.

Nothing is shared or reordered here. Later passes are tested against this graph.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NoReturn

from dslnas.diagnostics import UserError, user_error
from dslnas.edits import Advice, Edit, removal
from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import INPUT, Mix, Node, PrimitiveGraph, Scope, edges_of
from dslnas.graph.lower.auxiliary_size import explained
from dslnas.graph.lower.cell import lower_cell
from dslnas.graph.lower.context import CellContext
from dslnas.graph.lower.expand import Expander
from dslnas.graph.lower.op_body import OpBody
from dslnas.graph.lower.subgraph import OUTSIDE, Applied, Placed, Subgraph, Value, below
from dslnas.graph.lower.subgraph_builder import SubgraphBuilder
from dslnas.graph.lower.widths import joined_widths
from dslnas.language.check.cell import Cell
from dslnas.language.syntax import ast
from dslnas.ops.primitive import Shape
from dslnas.ops.shapes import show_shape
from dslnas.space.architecture import Architecture
from dslnas.space.choice_table import choice_table
from dslnas.space.decision import inner_decisions, inner_of, size_of
from dslnas.space.network import NETWORK, Input, Network, network_graph
from dslnas.space.search_space import BuildingBlocks, SearchSpace

PARTS = {"stem": "stem", "head": "head", "auxiliary": "auxiliary head"}


def build_supernet_graph(space: SearchSpace) -> PrimitiveGraph:
    """Return the graph of the supernet: every candidate of every edge, weighed by `mix`.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    network = space.network
    row = len(network.decisions) - 1  # that of the channels comes last
    graphs = {
        one.channels: lower_network(space, one, derived=False).graph() for one in network.each_width
    }
    return without_unread(joined_widths(graphs, Mix(NETWORK, row)))


def build_derived_graph(architecture: Architecture, *, training: bool = False) -> PrimitiveGraph:
    """Return the graph of the network that is trained and exported.

    Args:
        architecture: The architecture that is trained; the graphs of the latest few are kept.
        training: Add what only helps training: in cells that are not recurrent a `drop_path` behind
            every operation that is not an identity, and the auxiliary head if the network has one.

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

    def lowered(network: Network) -> LoweredNetwork:
        return _NetworkLowering(space, network, expander, training=training).lowered()

    try:
        return lowered(network)
    except UserError as error:
        raise explained(error, network, lowered) from None


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
        widths = dict.fromkeys(outputs, network.channels)
        after_reduction: tuple[Value, int] | None = None
        parts = network_graph(network, self._space.cells)
        for part, known in parts.nodes(data=True):
            before = [source for source, _ in parts.in_edges(part)]
            sources = [outputs[source] for source in before]
            if "row" in known:
                outputs[part] = self._choice(part, known["row"], sources)
                widths[part] = self._width(known["row"], [widths[source] for source in before])
            elif "cell" in known:
                cell = self._space.cells[known["cell"]]
                widths[part] = widths[before[-1]] * cell.widen
                outputs[part] = self._cell(part, cell, sources, widths[part])
                if cell.stride > 1:
                    after_reduction = (outputs[part], widths[part])
        auxiliary = self._auxiliary(after_reduction) if self._training else None
        (last,) = parts.predecessors("head")
        output = self._head("head", network.head, outputs[last], widths[last])
        return LoweredNetwork(inputs, tuple(self._parts), output, auxiliary, self._alphas())

    def _cell(self, path: str, cell: Cell, sources: list[Value], channels: int) -> Value:
        shapes = tuple(source.shape for source in sources)
        key = (cell.name, shapes, channels)
        if key not in self._cells:
            network = self._network
            context = CellContext(
                cell,
                channels,
                self._expander,
                SubgraphBuilder(cell.name),
                network.partial,
                network.has_skips,
                self._training and not cell.is_recurrent,
                network.shares_slices,
            )
            inputs = [Value(f"{OUTSIDE}{i}", shape) for i, shape in enumerate(shapes)]
            self._cells[key] = lower_cell(context, inputs)
        return self._placed(path, self._cells[key], [source.name for source in sources])

    def _choice(self, part: str, row: int, sources: list[Value]) -> Value:
        """Weigh what cells give, one of which is chosen."""
        for source in sources:
            if source.shape != sources[0].shape:
                self._refuse(row, show_shape(sources[0].shape), show_shape(source.shape))
        given = [Value(f"{OUTSIDE}{place}", source.shape) for place, source in enumerate(sources)]
        builder = SubgraphBuilder()
        end = builder.join("", "mix", given, Mix(NETWORK, row))
        return self._placed(part, builder.subgraph(end), [source.name for source in sources])

    def _width(self, row: int, widths: list[int]) -> int:
        """Return C behind a choice."""
        for width in widths:
            if width != widths[0]:
                self._refuse(row, f"C = {widths[0]}", f"C = {width}")
        return widths[0]

    def _refuse(self, row: int, one: str, other: str) -> NoReturn:
        decision = self._network.decisions[row]
        raise user_error(
            "NAS404",
            f"what `cells` chooses from gives {one} and {other}: {decision.name} is "
            f"{' or '.join(decision.alternatives)}",
            span=self._network.span,
            help="let all of them give the same shape: the same `widen`, and where their number is "
            "chosen, no `stride`; a cell that reduces the size may stand before them",
        )

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
                help=Advice("end it with `linear(classes)`", edits=_of_classes(head)),
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
        cells = [self._space.cells[name] for name in dict.fromkeys(self._network.layout)]
        searched = [cell for cell in cells if cell.choices]
        more = int(self._network.has_skips)
        alphas = {cell.name: (len(cell.choices), cell.width + more) for cell in searched}
        for cell in cells:
            if decisions := inner_decisions(cell):
                alphas[inner_of(cell.name)] = size_of(decisions)
        if self._network.decisions:
            alphas[NETWORK] = size_of(self._network.decisions)
        if self._network.partial is not None:
            for cell in searched:
                sums = choice_table(cell).choosing
                alphas[edges_of(cell.name)] = (len(sums), max(map(len, sums)))
        return alphas


def _of_classes(head: ast.Expression) -> tuple[Edit, ...]:
    """Return the edit that lets the last layer of a head give `classes` instead of a number."""
    last = head.stages[-1] if isinstance(head, ast.Chain) else head
    match last:
        case ast.Call(arguments=(ast.Argument(name=None, value=ast.Number() as number),)):
            return (Edit(number.span, "classes"),)
    return ()


def _shown(reads: str) -> str:
    return f"input `{reads}`" if reads else "the network"


def _check_table(body: OpBody, words: int | None, expression: ast.Expression) -> None:
    """Check that a table has a row for every token of an input that says how many there are."""
    for layer in body.layers:
        rows = layer.weights[0].shape[0] if layer.primitive.reads_tokens else words
        if words is not None and rows != words:
            given = expression.arguments if isinstance(expression, ast.Call) else ()
            named = ((a.span, a.name.text) for a in given if a.name is not None)
            rows_given = tuple(removal(span) for span, name in named if name == "words")
            raise user_error(
                "NAS405",
                f"`{layer.primitive.name}` has {rows} rows for {words} different tokens",
                span=expression.span,
                help=Advice("leave out `words`: they are those of the input", edits=rows_given),
            )
