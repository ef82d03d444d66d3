"""The way through a network: stem, cells, head; checks that all shapes fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from dslnas.diagnostics import UserError, user_error
from dslnas.graph.lower.cell import CellWalk
from dslnas.graph.lower.op_body import Fragment
from dslnas.language.syntax import ast
from dslnas.ops.primitive import Shape
from dslnas.ops.shapes import show_shape

Value = TypeVar("Value")

PARTS = {"stem": "stem", "head": "head", "auxiliary": "auxiliary head"}


class NetworkWalk(CellWalk[Value]):
    """Goes through a network from its input to its output.

    Args:
        space: Cells and definitions of operations.
        network: The one of the search, or the one that is trained at the end.
        derived: Whether it is the latter, for operations that differ between the two.
    """

    _tables: tuple[Shape, ...] = ()
    """Of embeddings, which layers of the head may be tied to."""

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
        self._check_tied(fragment, expression)
        return self.layers(self.scope("", name, name, name), fragment, source)

    def _check_head(self, end: Value, head: ast.Expression) -> None:
        if self.shape(end) != (self._network.classes,):
            shown = show_shape(self.shape(end))
            raise user_error(
                "NAS405",
                f"head gives {shown}, not {self._network.classes} classes",
                span=head.span,
                help="end it with `linear(classes)`",
            )

    def _check_tied(self, fragment: Fragment, expression: ast.Expression) -> None:
        """Check that what uses the table of an embedding finds one that fits."""
        for layer in fragment.layers:
            table = layer.weights[0].shape if layer.weights else ()
            if layer.primitive.name == "embedding":
                self._tables = (*self._tables, table)
            elif layer.primitive.tied_to and table not in self._tables[:1]:
                shown = show_shape(self._tables[0]) if self._tables else "none"
                raise user_error(
                    "NAS401",
                    f"`{layer.primitive.name}` needs the table of an embedding, "
                    f"{show_shape(table)}, but that of the stem is {shown}",
                    span=expression.span,
                    help="let the stem begin with `embedding`, and the cells keep its width",
                )
