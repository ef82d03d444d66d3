"""The way through one edge of a cell: its operations, gates around them, parts past them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TypeVar

from dslnas.diagnostics import Note, UserError, user_error
from dslnas.graph.graph import Mix
from dslnas.graph.lower.op_body import Fragment
from dslnas.graph.lower.partial_channels import checked_parts, part, pool, shuffle
from dslnas.graph.lower.value import ValueWalk
from dslnas.language.check.checked import Operation
from dslnas.ops.primitive import Shape
from dslnas.ops.shapes import show_shape
from dslnas.space.cell import Cell, Edge
from dslnas.space.network import Network, SearchSpace

Value = TypeVar("Value")


class EdgeWalk(ValueWalk[Value]):
    """Applies the operations of edges.

    Args:
        space: Cells and definitions of operations.
        network: The one of the search, or the one that is trained at the end.
        derived: Whether it is the latter, for operations that differ between the two.
    """

    def __init__(self, space: SearchSpace, network: Network, *, derived: bool) -> None:
        super().__init__(space, derived=derived)
        self._space = space
        self._network = network
        self._has_drop_path = False

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
        node = f"{edge_path.rpartition('/')[0]}/{edge.target}"
        around: dict[str, Value] | None = None
        ends: list[Value] = []

        def operate(operation: Operation, here: str, value: Value) -> Value:
            fragment = self._fragment(operation, self.shape(value), channels, stride, where)
            end = self.layers(here, fragment, value)
            if self._has_drop_path and not fragment.is_identity:
                end = self.drop_path(here, end)
            return end

        for operation in edge.operations:
            here = self.scope(edge_path, operation.text, "operation", operation.text)
            if cell.gate is None or operation.text in cell.zeros:
                ends.append(operate(operation, here, source))
                continue
            if around is None:
                around = self.gate(edge_path, node, cell.gate, source, channels)
            apply = partial(operate, operation, here)
            ends.append(self.gated(here, node, cell.gate, around, channels, apply))
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
