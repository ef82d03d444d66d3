"""Cells between notations: nodes that sum named operations on what comes before, by number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dslnas.diagnostics import UserError, user_error
from dslnas.language.check.cell import Cell
from dslnas.source import Span


@dataclass(frozen=True)
class NumberedEdge:
    """A term of a node.

    Attributes:
        operation: Text of the operation in the language.
        source: Number of the value that it reads: the cell's sources come first, then the nodes.
    """

    operation: str
    source: int


@dataclass(frozen=True)
class CellKind:
    """A kind of cell that a notation knows.

    Attributes:
        name: Name of it in the notation.
        paper: File of the library that has the space of such cells.
        sources: Values that a cell starts from.
        join: How its output joins nodes.
        recurrent: Whether it carries a state.
        reduces: Whether it has a stride.
    """

    name: str
    paper: str
    sources: int
    join: str
    recurrent: bool = False
    reduces: bool = False

    def fits(self, cell: Cell) -> bool:
        """Whether a cell is of this kind."""
        form = (cell.is_recurrent, cell.stride > 1, len(sources_of(cell)))
        return form == (self.recurrent, self.reduces, self.sources)

    def cell_in(self, cells: Iterable[Cell], where: str) -> Cell:
        """Return the one cell of this kind; `where` names what has the cells.

        Raises:
            UserError: NAS813 if there is none, or several.
        """
        fitting = [cell for cell in cells if self.fits(cell)]
        if len(fitting) == 1:
            return fitting[0]
        several = " and ".join(f"`{cell.name}`" for cell in fitting)
        message = (
            f"{several} could all be the cell `{self.name}`"
            if several
            else (f"has no cell that could be `{self.name}`: {self._words}")
        )
        raise user_error("NAS813", message, where=where)

    @property
    def _words(self) -> str:
        if self.recurrent:
            return "a recurrent one, with `first`"
        stride = "a stride" if self.reduces else "stride 1"
        return f"one of {stride} with {self.sources} input{'s' if self.sources > 1 else ''}"


@dataclass(frozen=True)
class NumberedCell:
    """A cell of a kind.

    Attributes:
        nodes: Terms of each node.
        output: Numbers of the values that its output joins.
    """

    kind: CellKind
    nodes: tuple[tuple[NumberedEdge, ...], ...]
    output: tuple[int, ...]

    def text(self, cell: Cell) -> str:
        """Return it in the language, in the place of a cell of the same kind."""
        values = [*sources_of(cell), *(f"n{place + 1}" for place in range(len(self.nodes)))]
        lines = []
        for place, terms in enumerate(self.nodes):
            summed = " + ".join(f"{term.operation}({values[term.source]})" for term in terms)
            lines.append(f"    node {values[self.kind.sources + place]} = {summed}")
        joined = ", ".join(values[number] for number in self.output)
        lines.append(f"    output  {self.kind.join}({joined})")
        return "\n".join([f"cell {cell.name} {{", *lines, "}"])


def sources_of(cell: Cell) -> tuple[str, ...]:
    """Return the values that nodes of a cell can read besides each other, if they have numbers."""
    if cell.first is not None:
        return (cell.first,)
    return () if cell.is_recurrent else cell.inputs


def numbers_of(cell: Cell) -> dict[str, int]:
    """Return the numbers of a cell's sources and nodes by name."""
    return {name: number for number, name in enumerate((*sources_of(cell), *cell.nodes))}


def output_numbers(cell: Cell, kind: CellKind) -> tuple[int, ...]:
    """Return the numbers of what the output joins.

    Raises:
        UserError: NAS813 if it is joined otherwise, or is a value that has no number.
    """
    numbers = numbers_of(cell)
    joined = ", ".join(cell.output_of)
    if cell.output != kind.join or not numbers.keys() >= {*cell.output_of}:
        found = f"its output is `{cell.output}({joined})`"
        raise misfit(cell, found, f"`{kind.name}` has the {kind.join} of nodes")
    return tuple(numbers[name] for name in cell.output_of)


def check_earlier(number: int, below: int, node: int, span: Span) -> None:
    """Check that a node reads what comes before it.

    Raises:
        UserError: NAS811 if it does not.
    """
    if number >= below:
        known = f"0 to {below - 1} come" if below > 1 else "0 comes"
        message = f"node {node} cannot read {number}: only {known} before it"
        raise user_error("NAS811", message, span=span)


def misfit(cell: Cell, message: str, help: str) -> UserError:
    """Return NAS813 for a cell."""
    return user_error("NAS813", message, where=f"cell `{cell.name}`", span=cell.span, help=help)
