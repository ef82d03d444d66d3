"""Lowering of the operations of one edge, and of what they may be by choices inside of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from dslnas.diagnostics import user_error
from dslnas.graph.graph import Mix
from dslnas.graph.lower.auxiliary_skip import check_skip, skip_of
from dslnas.graph.lower.context import CellContext
from dslnas.graph.lower.op_body import OpBody
from dslnas.graph.lower.subgraph import Several, Source, Value
from dslnas.graph.lower.subgraph_builder import word_of
from dslnas.graph.lower.value import lower_gate, lower_gated
from dslnas.language.check.cell import Edge, Operation
from dslnas.ops.shapes import show_shape
from dslnas.space.decision import inner_of


def lower_operations(
    context: CellContext, mix_path: str, edge: Edge, source: Source, channels: int, stride: int
) -> Value:
    """Apply the operations of an edge to its source; weigh them if there is a choice.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    return _Operations(context, edge, source, channels, stride).lowered(mix_path)


@dataclass
class _Operations:
    """The operations of an edge while they are lowered."""

    context: CellContext
    edge: Edge
    source: Source
    channels: int
    stride: int
    _around: dict[str, Source] = field(default_factory=dict)

    @property
    def _where(self) -> str:
        cell = self.context.cell
        return f"on edge {cell.shown(self.edge)} of cell `{cell.name}`"

    def lowered(self, mix_path: str) -> Value:
        context, cell, edge = self.context, self.context.cell, self.edge
        ends = [self._operation(column) for column in range(len(edge.operations))]
        if edge.row is None:
            return ends[0]
        self._check_alike(edge.operations, ends)
        out = context.out
        if not context.has_skips:
            return out.join(mix_path, "mix", ends, Mix(cell.name, 0))
        operation = skip_of(self.stride, context.expander.definitions, cell, edge)
        skip = self._applied(operation, out.path("", "auxiliary_skip"))
        check_skip(cell, edge, skip.shape, ends[0].shape)
        columns = (*range(len(ends)), cell.width)
        return out.join(mix_path, "mix", [*ends, skip], Mix(cell.name, 0, columns=columns))

    def _operation(self, column: int) -> Value:
        operation, out = self.edge.operations[column], self.context.out
        here = out.scope(operation.text, "operation", operation.text)
        if not operation.variants:
            return self._applied(operation, here)
        paths = [out.path(here, word_of(variant.text)) for variant in operation.variants]
        largest: tuple[str, Operation] | None = None
        if self.context.shares_slices:
            sizes = [self._body(variant, self.source).params for variant in operation.variants]
            place = sizes.index(max(sizes))
            largest = paths[place], operation.variants[place]
        ends = [
            self._applied(variant, path, largest if largest and path != largest[0] else None)
            for variant, path in zip(operation.variants, paths, strict=True)
        ]
        self._check_alike(operation.variants, ends)
        return self._chosen(column, here, ends)

    def _chosen(self, column: int, here: str, ends: list[Value]) -> Value:
        """Weigh the variants of an operation by each of the choices inside of it, the last first.

        So a variant counts as much as all of its alternatives multiplied.
        """
        out, operation = self.context.out, self.edge.operations[column]
        alpha, rows = inner_of(self.context.cell.name), self.edge.inner_rows(column)
        for row, choice in reversed([*zip(rows, operation.inner, strict=True)]):
            size, word = len(choice.alternatives), word_of(choice.name)
            groups = (ends[start : start + size] for start in range(0, len(ends), size))
            ends = [
                out.join(out.path(here, word), "mix", group, Mix(alpha, row)) for group in groups
            ]
        return ends[0]

    def _applied(
        self, operation: Operation, here: str, larger: tuple[str, Operation] | None = None
    ) -> Value:
        """Apply an operation, inside of the gate if there is one.

        It uses slices of the weights of a `larger` one, which stands at a path.
        """
        context, source = self.context, self.source
        gate, apply = context.cell.gate, partial(self._operate, operation, here, larger)
        if gate is None or operation.is_zero or isinstance(source, Several):
            return apply(source)
        if not self._around:
            self._around = lower_gate(context, gate, source)
        return lower_gated(context, here, gate, self._around, apply)

    def _operate(
        self,
        operation: Operation,
        here: str,
        larger: tuple[str, Operation] | None,
        value: Source,
    ) -> Value:
        out, body = self.context.out, self._body(operation, value)
        if larger is None:
            end = self.context.apply(here, body, value)
        else:
            owner, lender = larger
            end = out.apply(here, body, value, owner, lender=self._body(lender, value))
        if self.context.has_drop_path and not body.is_identity:
            # a gate may apply the operation more than once
            end = out.join(out.path(here, "drop_path"), "drop_path", [end])
        return end

    def _body(self, operation: Operation, value: Source) -> OpBody:
        first, *others = (part.shape for part in value.parts)
        return self.context.body(
            operation, first, self.channels, self.stride, self._where, tuple(others)
        )

    def _check_alike(self, operations: tuple[Operation, ...], ends: list[Value]) -> None:
        first = ends[0].shape
        for operation, end in zip(operations, ends, strict=True):
            if end.shape != first:
                raise user_error(
                    "NAS404",
                    f"`{operation.text}` gives {show_shape(end.shape)} {self._where}, "
                    f"but `{operations[0].text}` gives {show_shape(first)}",
                    span=operation.span,
                    help="all operations of an edge must give the same shape",
                )
