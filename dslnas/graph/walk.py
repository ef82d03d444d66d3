"""The way through a network: stem, cells, edges, operations, head; checks that all shapes fit.

What a value is and what is made of it is left open: `dslnas.graph.build` makes a graph,
`dslnas.graph.shapes` only looks whether there is one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Generic, TypeVar

from dslnas.diagnostics import Note, UserError, user_error
from dslnas.graph.expand import Expander, Fragment
from dslnas.graph.graph import Mix, edges_of
from dslnas.graph.partial import checked_parts, part, pool, shuffle
from dslnas.language import ast
from dslnas.language.checked import Operation
from dslnas.primitives.rules import show_shape
from dslnas.primitives.spec import Shape
from dslnas.space.cell import Cell, Edge
from dslnas.space.space import Network, SearchSpace
from dslnas.space.table import choice_table

Value = TypeVar("Value")

PARTS = {"stem": "stem", "head": "head", "auxiliary": "auxiliary head"}
JOINS = {"concat": "concat", "sum": "add", "mean": "mean", "last": "add"}


class NetworkWalk(ABC, Generic[Value]):
    """Goes through a network from its input to its output.

    Args:
        space: Cells and definitions of operations.
        network: The one of the search, or the one that is trained at the end.
        derived: Whether it is the latter, for operations that differ between the two.
    """

    def __init__(self, space: SearchSpace, network: Network, *, derived: bool) -> None:
        self._space = space
        self._network = network
        self._expander = Expander(space.definitions, space.constants, derived=derived)
        self._has_drop_path = False

    # ---- what is made ---------------------------------------------------------------------------

    @abstractmethod
    def input(self, shape: Shape) -> Value:
        """Return what the network reads."""

    @abstractmethod
    def shape(self, value: Value) -> Shape:
        """Return the shape of a value, without the batch axis."""

    @abstractmethod
    def path(self, parent: str, name: str) -> str:
        """Return a free path below a parent; an empty parent is the network."""

    @abstractmethod
    def scope(self, parent: str, name: str, kind: str, label: str) -> str:
        """Open a group of layers, see `Scope`, and return its path."""

    @abstractmethod
    def layers(self, path: str, fragment: Fragment, source: Value) -> Value:
        """Apply an operation to a value."""

    @abstractmethod
    def drop_path(self, path: str, value: Value) -> Value:
        """Zero a value of some examples while training."""

    @abstractmethod
    def mix(self, path: str, mix: Mix, ends: list[Value]) -> Value:
        """Weigh the values of an edge's candidates, or of a node's edges, by a row of alpha."""

    @abstractmethod
    def join(self, path: str, primitive: str, ends: list[Value]) -> Value:
        """Join two or more values into one."""

    # ---- the network ----------------------------------------------------------------------------

    def walk(self, *, training: bool = False) -> tuple[Value, Value | None]:
        """Return the output, and the output of the auxiliary head if it is asked for.

        Args:
            training: Add what only helps training: drop-path behind every operation that is not
                an identity, and the auxiliary head if the network has one.

        Raises:
            UserError: NAS4xx where shapes do not fit.
        """
        network = self._network
        self._has_drop_path = training
        source = self.input(network.input)
        channels = network.channels
        outputs = [self._part("stem", network.stem, source, channels)]
        after_reduction: tuple[Value, int] | None = None
        for index, name in enumerate(network.layout):
            cell = self._space.cells[name]
            channels *= cell.widen
            # Inputs of a cell are the outputs just before it, the latest last.
            backs = range(len(cell.inputs), 0, -1)
            sources = [outputs[max(0, len(outputs) - back)] for back in backs]
            outputs.append(self.cell(f"cell{index}", cell, sources, channels))
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
            second = self._part("auxiliary", network.auxiliary, *after_reduction)
            self._check_head(second, network.auxiliary)
        output = self._part("head", network.head, outputs[-1], channels)
        self._check_head(output, network.head)
        return output, second

    def _part(self, name: str, expression: ast.Expression, source: Value, channels: int) -> Value:
        reads = self.shape(source)
        try:
            fragment = self._expander.expression(expression, reads, channels, self._network.classes)
        except UserError as error:
            first = error.diagnostics[0]
            place = f"{first.message}, in the {PARTS[name]} of the network"
            raise UserError([replace(first, message=place)]) from None
        return self.layers(self.scope("", name, name, name), fragment, source)

    def cell(self, name: str, cell: Cell, sources: list[Value], channels: int) -> Value:
        """Apply a cell to the outputs of the cells before it."""
        path = self.scope("", name, "cell", cell.name)
        values = self._preprocess(path, cell, sources, channels)
        reference = self.shape(values[cell.inputs[-1]])
        size = tuple(-(-n // cell.stride) for n in reference[1:])
        expected = (channels, *size)
        for node in cell.nodes:
            terms = []
            for edge in cell.incoming(node):
                stride = cell.stride if edge.source in cell.inputs else 1
                end = self.edge(path, cell, edge, values[edge.source], channels, stride)
                self._check_shape(cell, edge, end, expected)
                terms.append(end)
            if self._network.partial is not None:
                terms = self._weighed(path, cell, node, terms)
            values[node] = self._join(path, node, "add", terms)
        ends = [values[node] for node in cell.output_of]
        return self._join(path, "output", JOINS[cell.output], ends)

    def edge(
        self, path: str, cell: Cell, edge: Edge, source: Value, channels: int, stride: int
    ) -> Value:
        """Apply the operations of an edge to its source; weigh them if there is a choice."""
        edge_path = self.path(path, f"{edge.target}_{edge.source}")
        if edge.row is None or self._network.partial is None or self._network.partial.parts == 1:
            return self._operations(edge_path, edge_path, cell, edge, source, channels, stride)
        return self._partially(edge_path, cell, edge, source, channels, stride)

    def _operations(
        self,
        edge_path: str,
        mix_path: str,
        cell: Cell,
        edge: Edge,
        source: Value,
        channels: int,
        stride: int,
    ) -> Value:
        where = f"on edge {edge.source} -> {edge.target} of cell `{cell.name}`"
        ends = []
        for operation in edge.operations:
            fragment = self._fragment(operation, self.shape(source), channels, stride, where)
            here = self.scope(edge_path, operation.text, "operation", operation.text)
            end = self.layers(here, fragment, source)
            if self._has_drop_path and not fragment.is_identity:
                end = self.drop_path(here, end)
            ends.append(end)
        if edge.row is None:
            return ends[0]
        self._check_alike(edge, ends, where)
        return self.mix(mix_path, Mix(cell.name, edge.row), ends)

    def _partially(
        self, path: str, cell: Cell, edge: Edge, source: Value, channels: int, stride: int
    ) -> Value:
        """Send one part of the channels through the operations, the others past them."""

        def layer(name: str, fragment: Fragment, value: Value) -> Value:
            return self.layers(self.path(path, name), fragment, value)

        shape = self.shape(source)
        parts = checked_parts(self._network.partial, cell, edge, shape, channels)
        first = layer("part0", part(shape, parts, 0), source)
        mix_path = self.path(path, "mix")
        mixed = self._operations(path, mix_path, cell, edge, first, channels // parts, stride)
        past = layer("past", pool(shape, stride), source) if stride > 1 else source
        shape = self.shape(past)
        others = [layer(f"part{i}", part(shape, parts, i), past) for i in range(1, parts)]
        self._check_shape(cell, edge, mixed, self.shape(others[0]))
        joined = self.join(self.path(path, "concat"), "concat", [mixed, *others])
        return layer("shuffle", shuffle(shape, parts), joined)

    def _weighed(self, path: str, cell: Cell, node: str, ends: list[Value]) -> list[Value]:
        """Weigh the ends of a node's choosing edges; those of its fixed edges stay as they are."""
        rows = [edge.row for edge in cell.incoming(node)]
        choosing = [end for row, end in zip(rows, ends, strict=True) if row is not None]
        fixed = [end for row, end in zip(rows, ends, strict=True) if row is None]
        if not choosing:
            return fixed
        sums = choice_table(cell).choosing
        number = sums.index(tuple(row for row in rows if row is not None))
        here = self.path(path, f"{node}_edges" if fixed else node)
        return [self.mix(here, Mix(edges_of(cell.name), number), choosing), *fixed]

    def _join(self, path: str, name: str, primitive: str, ends: list[Value]) -> Value:
        """Join values; a single one needs nothing."""
        return ends[0] if len(ends) == 1 else self.join(self.path(path, name), primitive, ends)

    def _preprocess(
        self, path: str, cell: Cell, sources: list[Value], channels: int
    ) -> dict[str, Value]:
        """Bring all inputs to the size of the last one and to C channels."""
        if cell.preprocess is None:
            return dict(zip(cell.inputs, sources, strict=True))
        values = {}
        size = self.shape(sources[-1])[1:]
        for name, source in zip(cell.inputs, sources, strict=True):
            shape = self.shape(source)
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
            here = self.scope(path, name, "preprocess", cell.preprocess.text)
            values[name] = self.layers(here, fragment, source)
        return values

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

    def _check_head(self, end: Value, head: ast.Expression) -> None:
        if self.shape(end) != (self._network.classes,):
            shown = show_shape(self.shape(end))
            raise user_error(
                "NAS405",
                f"head gives {shown}, not {self._network.classes} classes",
                span=head.span,
                help="end it with `linear(classes)`",
            )

    def _check_alike(self, edge: Edge, ends: list[Value], where: str) -> None:
        first = self.shape(ends[0])
        for operation, end in zip(edge.operations, ends, strict=True):
            if self.shape(end) != first:
                raise user_error(
                    "NAS404",
                    f"`{operation.text}` gives {show_shape(self.shape(end))} {where}, "
                    f"but `{edge.operations[0].text}` gives {show_shape(first)}",
                    span=operation.span,
                    help="all operations of an edge must give the same shape",
                )

    def _check_shape(self, cell: Cell, edge: Edge, end: Value, expected: Shape) -> None:
        if self.shape(end) != expected:
            raise user_error(
                "NAS404",
                f"`{edge.operations[0].text}` gives {show_shape(self.shape(end))} on edge "
                f"{edge.source} -> {edge.target} of cell `{cell.name}`, "
                f"which needs {show_shape(expected)}",
                span=edge.operations[0].span,
                help="an operation must give C channels and reduce the size by the stride only",
            )
