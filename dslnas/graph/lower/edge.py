"""Lowering of one edge of a cell: its operations, gates around them, channels past them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from dslnas.diagnostics import user_error
from dslnas.graph.lower.context import CellContext, Owners
from dslnas.graph.lower.edge_operations import lower_operations
from dslnas.graph.lower.op_body import OpBody
from dslnas.graph.lower.partial_channels import checked_parts, part, pool, shuffle
from dslnas.graph.lower.subgraph import OUTSIDE, Several, Source, Subgraph, Value
from dslnas.graph.lower.subgraph_builder import SubgraphBuilder
from dslnas.graph.lower.value import together
from dslnas.language.check.cell import Cell, Edge
from dslnas.ops.primitive import Shape
from dslnas.ops.shapes import show_shape
from dslnas.space.decision import inner_of
from dslnas.space.network import Partial

GATE = f"{OUTSIDE}gate"
"""Edge of the same node that owns the weights of its gate."""


@dataclass
class CellEdges:
    """Lowers the edges of a cell; equal ones are one subgraph, which stands in several places."""

    context: CellContext
    _lowered: dict[Hashable, tuple[Subgraph, Owners]] = field(default_factory=dict)
    _gates: dict[str, tuple[str, Owners]] = field(default_factory=dict)

    @cached_property
    def _rows(self) -> dict[int, int]:
        """Row of the first inner choice of an edge, by its identity: others may be equal to it."""
        cell = self.context.cell
        rows = zip(cell.edges, cell.inner_rows, strict=False)  # the last is their number
        return {id(edge): row for edge, row in rows}

    def lower(self, edge: Edge, source: Source, stride: int) -> Value:
        """Apply the operations of an edge to its source; weigh them if there is a choice.

        The first edge of a node owns the weights of the gate.
        """
        owner, owners = self._gates.get(edge.target, ("", {}))
        shapes = tuple(part.shape for part in source.parts)
        key = (edge.operations, edge.row is None, shapes, stride, tuple(owners.items()))
        if key not in self._lowered:
            inner = replace(self.context, out=SubgraphBuilder(), owners=dict(owners))
            end = _edge(inner, edge, _outside(shapes), stride)
            self._lowered[key] = inner.out.subgraph(end), inner.owners
        subgraph, found = self._lowered[key]
        outside = {f"{OUTSIDE}{place}": part.name for place, part in enumerate(source.parts)}
        outside |= {GATE: owner} if owner else {}
        cell, out = self.context.cell, self.context.out
        rows = {inner_of(cell.name): self._rows[id(edge)]}
        if edge.row is not None:
            rows[cell.name] = edge.row
        placed = out.place(edge, cell.shown(edge), subgraph, outside, rows)
        if found and not owner:
            there = {place: f"{GATE}/{path}" for place, path in found.items()}
            self._gates[edge.target] = placed.path, there
        return placed.result


def _outside(shapes: Sequence[Shape]) -> Source:
    """Return what an edge reads, as it is called inside of it."""
    return together([Value(f"{OUTSIDE}{place}", shape) for place, shape in enumerate(shapes)])


def check_end(cell: Cell, edge: Edge, end: Value, expected: Shape) -> None:
    """Check that an edge gives the shape that its node needs.

    Raises:
        UserError: NAS404 if it does not.
    """
    if end.shape != expected:
        raise user_error(
            "NAS404",
            f"`{edge.operations[0].text}` gives {show_shape(end.shape)} on edge "
            f"{cell.shown(edge)} of cell `{cell.name}`, "
            f"which needs {show_shape(expected)}",
            span=edge.operations[0].span,
            help="an operation must give C channels and reduce the size by the stride only",
        )


def _edge(context: CellContext, edge: Edge, source: Source, stride: int) -> Value:
    if isinstance(source, Several):
        _check_alone(context, edge)
        return lower_operations(context, "", edge, source, context.channels, stride)
    searched = context.partial
    if searched is not None and edge.row is not None and searched.parts > 1:
        return _partially(context, searched, edge, source, stride)
    return lower_operations(context, "", edge, source, context.channels, stride)


def _check_alone(context: CellContext, edge: Edge) -> None:
    """Check that nothing stands around operations of several values, or beside them.

    Raises:
        UserError: NAS411 if something does.
    """
    cell = context.cell
    stands = {
        "the gate of the cell reads": cell.gate is not None,
        "`skip` hands on": edge.row is not None and context.has_skips,
        "a search of a part of the channels divides": edge.row is not None
        and context.partial is not None,
    }
    for what in (what for what, is_so in stands.items() if is_so):
        raise user_error(
            "NAS411",
            f"{what} one value, and edge {cell.shown(edge)} of cell `{cell.name}` reads several",
            span=edge.span,
            help="let the operations of this cell read one value each, or leave the other out",
        )


def _partially(
    context: CellContext, searched: Partial, edge: Edge, source: Value, stride: int
) -> Value:
    """Send one part of the channels through the operations, the others past them."""
    cell, out, channels = context.cell, context.out, context.channels

    def layer(name: str, body: OpBody, value: Value) -> Value:
        return context.apply(out.path("", name), body, value)

    parts = checked_parts(searched, cell, edge, source.shape, channels)
    first = layer("part0", part(source.shape, parts, 0), source)
    mix_path = out.path("", "mix")
    mixed = lower_operations(context, mix_path, edge, first, channels // parts, stride)
    past = layer("past", pool(source.shape, stride), source) if stride > 1 else source
    others = [layer(f"part{i}", part(past.shape, parts, i), past) for i in range(1, parts)]
    check_end(cell, edge, mixed, others[0].shape)
    joined = out.join(out.path("", "concat"), "concat", [mixed, *others])
    return layer("shuffle", shuffle(past.shape, parts), joined)
