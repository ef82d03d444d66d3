"""The strings of NAS-Bench-201 (Dong and Yang, ICLR 2020): `|nor_conv_3x3~0|+|none~0|...~1|+...`.

Each node lists an operation for every value before it; 0 is the cell's input, and the last node is
its output.
"""

from __future__ import annotations

from lark import Token, Tree

from dslnas.diagnostics import Diagnostics, user_error
from dslnas.language.check.cell import Cell
from dslnas.source import SourceFile
from dslnas.space.architecture import Architecture
from dslnas.space.notation.cells import (
    CellKind,
    NumberedCell,
    NumberedEdge,
    check_earlier,
    misfit,
    numbers_of,
    output_numbers,
)
from dslnas.space.notation.names import operation_names
from dslnas.space.notation.parse import parse_notation, parts_of, span_of, tokens_of

CELL = CellKind("cell", "papers.nas_bench_201", sources=1, join="last")
NODES = 3
"""Nodes of the benchmark's cells, which have no others."""

_NAMES = operation_names("NAS-Bench-201", "nas_bench_201")


def is_string(text: str) -> bool:
    """Whether a text is meant to be such a string."""
    return text.lstrip().startswith("|")


def read(source: SourceFile) -> tuple[NumberedCell, ...]:
    """Return the cell that a string describes.

    Raises:
        UserError: NAS811 if it is none, NAS812 if it has operations that the benchmark has not.
    """
    diagnostics = Diagnostics()
    nodes = tuple(
        _terms(node, number, source, diagnostics)
        for number, node in enumerate(parts_of(parse_notation("nas_bench_201", source)))
    )
    diagnostics.raise_if_any()
    return (NumberedCell(CELL, nodes, (len(nodes),)),)


def _terms(
    node: Tree[Token], number: int, source: SourceFile, diagnostics: Diagnostics
) -> tuple[NumberedEdge, ...]:
    terms: dict[int, NumberedEdge] = {}
    for edge in parts_of(node):
        name, place = tokens_of(edge)
        with diagnostics.collecting():
            read, span = int(place), span_of(source, place)
            check_earlier(read, number + 1, number + 1, span)
            if read in terms:
                message = f"node {number + 1} reads {read} twice"
                raise user_error("NAS811", message, span=span, help="it has one operation for each")
            terms[read] = NumberedEdge(_NAMES.operation(name, span_of(source, name)), read)
    return tuple(terms.values())


def write(architecture: Architecture) -> str:
    """Return the string of an architecture; operations that it does without are `none`.

    Raises:
        UserError: NAS812 if an operation has no name, NAS813 if its cell is of another form.
    """
    cell = CELL.cell_in(architecture.cells.values(), "architecture")
    numbers = numbers_of(cell)
    if output_numbers(cell, CELL) != (len(cell.nodes),):
        raise misfit(cell, "its output is not its last node", "write the node that is last")
    # a derived cell is without nodes that nothing reads: here they come first, and give zeros
    absent = max(0, NODES - len(cell.nodes))
    rows = [["none"] * (node + 1) for node in range(absent)]
    for node, name in enumerate(cell.nodes, absent):
        row = ["none"] * (node + 1)
        for source, operation in _named(cell, name).items():
            row[numbers[source] + (absent if source in cell.nodes else 0)] = operation
        rows.append(row)
    return "+".join(
        "|" + "".join(f"{operation}~{place}|" for place, operation in enumerate(row))
        for row in rows
    )


def _named(cell: Cell, node: str) -> dict[str, str]:
    """Return the names of the operations of a node by what they read."""
    found: dict[str, str] = {}
    for edge in cell.incoming(node):
        if edge.source in found:
            raise misfit(cell, f"`{node}` reads `{edge.source}` twice", "one operation is written")
        found[edge.source] = _NAMES.name(edge)
    return found
