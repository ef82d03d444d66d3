"""The values of a cell as boxes: what is applied and joined on the way to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dslnas.drawing.figure import Box, Role
from dslnas.drawing.words import SIGN_OF, Word, name_words
from dslnas.language.check.value import (
    Activated,
    Applied,
    CellValue,
    Joined,
    Reference,
    Together,
    ValueExpression,
    names_in,
)
from dslnas.language.print.format import format_operation
from dslnas.language.syntax import ast

if TYPE_CHECKING:
    import networkx as nx

    from dslnas.language.check.cell import Cell


class ValueBoxes:
    """Adds values of a cell to a graph of boxes, whose inputs, states and nodes are there."""

    def __init__(self, cell: Cell, graph: nx.DiGraph[str]) -> None:
        self._graph = graph
        self._values = {value.name: value for value in cell.values}
        self._written = {name: line for name, line in cell.written if name}
        self._helping: dict[str, tuple[str, ...]] = {}

    def add(self, name: str) -> None:
        """Add a value with the boxes on the way to it; others know those without a name."""
        value = self._values[name]
        if self._is_helper(value):
            return
        if self._helpers(value):
            whole = _value(self._written[name])
            function = whole.partition("(")[0]
            made = self._box(Role.OPERATION, function, tip=whole, tone=function)
            for source in self._behind(value):
                self._graph.add_edge(source, made)
        else:
            made = self._made_of(value.expression)
        self._graph.add_node(name, box=Box(Role.NODE, name_words(name), tip=f"value {name}"))
        self._graph.add_edge(made, name)

    def boxes_of(self, name: str) -> tuple[str, ...]:
        """Return the boxes that something comes out of: several for values read at once."""
        value = self._values.get(name)
        if value is None or not self._is_helper(value):
            return (name,)
        if name not in self._helping:
            together = value.expression
            operands = together.operands if isinstance(together, Together) else (together,)
            self._helping[name] = tuple(map(self._made_of, operands))
        return self._helping[name]

    def captions(self) -> Iterator[str]:
        """Yield the values of which a figure shows less than is written."""
        for name, value in self._values.items():
            if not self._is_helper(value) and self._helpers(value):
                yield f"{name} = {_value(self._written[name])}"

    def _is_helper(self, value: CellValue) -> bool:
        """Whether a value has no name in the text of its cell."""
        return value.name not in self._written

    def _helpers(self, value: CellValue) -> list[CellValue]:
        """Return the values without a name that one is made of, those read at once left out."""
        read = (self._values[name] for name in names_in(value.expression) if name in self._values)
        return [
            own for own in read if self._is_helper(own) and not isinstance(own.expression, Together)
        ]

    def _behind(self, value: CellValue) -> dict[str, None]:
        """Return the boxes that a value depends on, seen through those without a name."""
        found: dict[str, None] = {}
        for name in names_in(value.expression):
            own = self._values.get(name)
            found |= self._behind(own) if own and self._is_helper(own) else {name: None}
        return found

    def _made_of(self, expression: ValueExpression) -> str:
        """Return the box that an expression comes out of."""
        match expression:
            case Reference(name=name):
                (box,) = self.boxes_of(name)
                return box
            case Applied(operation=operation, source=source):
                stages = operation.stages if isinstance(operation, ast.Chain) else (operation,)
                made = self._made_of(source)
                for stage in stages:
                    text = format_operation(stage)
                    made = self._joined(Role.OPERATION, text, (made,), tone=text)
                return made
            case Activated(source=source):
                return self._joined(Role.OPERATION, "operation", (self._made_of(source),))
            case Joined(primitive=primitive, operands=operands) if primitive in SIGN_OF:
                made_of = map(self._made_of, operands)
                return self._joined(Role.JOIN, SIGN_OF[primitive], tuple(made_of), tip=primitive)
            case Joined(primitive=text, operands=operands) | Together(text=text, operands=operands):
                return self._joined(Role.JOIN, text, tuple(map(self._made_of, operands)))

    def _joined(
        self, role: Role, text: str, sources: tuple[str, ...], *, tip: str = "", tone: str = ""
    ) -> str:
        name = self._box(role, text, tip=tip or text, tone=tone)
        self._graph.add_edges_from((source, name) for source in sources)
        return name

    def _box(self, role: Role, text: str, *, tip: str, tone: str = "") -> str:
        name = f"\0value {len(self._graph)}"
        self._graph.add_node(name, box=Box(role, (Word(text),), tip=tip, tone=tone))
        return name


def _value(line: str) -> str:
    """Return a value as it is written: `highway(tanh, x)` of `first  highway(tanh, x)`."""
    text = line.partition("=" if line.startswith("let ") else " ")[2]
    return " ".join(text.split())
