"""Context in which the parts of a cell are lowered: settings, subgraph, shared weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TypeAlias

from dslnas.diagnostics import Note, UserError
from dslnas.graph.lower.expand import Expander
from dslnas.graph.lower.op_body import OpBody
from dslnas.graph.lower.subgraph import Source, Value
from dslnas.graph.lower.subgraph_builder import SubgraphBuilder
from dslnas.language.check.cell import Cell, Operation
from dslnas.ops.primitive import Shape
from dslnas.ops.shapes import show_shape
from dslnas.space.network import Partial


@dataclass
class Shared:
    """Weights that are shared by all that stands at one place of the same gate.

    Attributes:
        part: Name of the part of the gate.
        places: Numbers the layers in it.
    """

    part: str
    places: Iterator[int] = field(default_factory=count)


Owners: TypeAlias = dict[tuple[str, int], str]
"""By part and place the path of the layers that own shared weights."""


@dataclass(frozen=True)
class CellContext:
    """A cell that is being lowered, or an edge of it.

    Attributes:
        cell: The cell.
        channels: Its C.
        expander: Turns operations into primitives.
        out: Subgraph of the cell, or of the edge, so far.
        partial: How a part of the channels is searched; None if all are, with edges summed.
        has_skips: Whether an auxiliary skip connection stands beside the operations of an edge.
        has_drop_path: Whether a `drop_path` stands behind every operation that is no identity.
        shares_slices: Whether the forms of an operation use slices of the weights of the largest.
        owners: Owners of the weights that are shared.
    """

    cell: Cell
    channels: int
    expander: Expander
    out: SubgraphBuilder
    partial: Partial | None
    has_skips: bool
    has_drop_path: bool
    shares_slices: bool = False
    owners: Owners = field(default_factory=dict)

    def body(
        self,
        operation: Operation,
        shape: Shape,
        channels: int,
        stride: int,
        where: str,
        others: tuple[Shape, ...] = (),
    ) -> OpBody:
        """Return an operation that reads a shape, at a place with C channels and a stride.

        It may read values of other shapes behind it.

        Raises:
            UserError: NAS4xx at the layer that does not fit, with a note of where it is chosen.
        """
        try:
            return self.expander.operation(operation, shape, channels, stride, others)
        except UserError as error:
            first = error.diagnostics[0]
            if operation.span is None or first.span == operation.span:
                note: tuple[Note, ...] = ()
            else:
                strided = f" at stride {stride}" if stride > 1 else ""
                shown = " and ".join(map(show_shape, (shape, *others)))
                reads = f"reading {shown}{strided} {where}"
                note = (Note(f"`{operation.text}` is chosen here, {reads}", operation.span),)
            raise UserError([replace(first, notes=(*first.notes, *note))]) from None

    def apply(self, path: str, body: OpBody, source: Source, shared: Shared | None = None) -> Value:
        """Apply an operation, with its own weights or with those that are shared."""
        owner = None if shared is None else self._owner(shared, path)
        return self.out.apply(path, body, source, owner, is_shared=shared is not None)

    def _owner(self, shared: Shared, path: str) -> str | None:
        """Return whose weights layers at `path` use; None for their own."""
        key = (shared.part, next(shared.places))
        if key not in self.owners:
            self.owners[key] = path
            return None
        return self.owners[key]
