"""The genotypes of DARTS' family, of convolutional and of recurrent cells.

    Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ...], normal_concat=range(2, 6), ...)
    Genotype(recurrent=[('relu', 0), ('tanh', 1), ...], concat=range(1, 9))

Convolutional nodes sum two operations each, recurrent ones have one. 0 and 1 are the inputs of a
convolutional cell, 0 is the first value of a recurrent one; nodes follow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

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
from dslnas.space.notation.names import OperationNames, operation_names
from dslnas.space.notation.parse import parse_notation, parts_of, span_of, tokens_of
from dslnas.spelling import suggestion


class Form(NamedTuple):
    """A kind of cell as genotypes have it.

    Attributes:
        kind: The kind; its name is that of the field with the operations.
        joined: Name of the field with the nodes that the output joins.
        terms: Operations of a node.
        names: Names of the operations.
    """

    kind: CellKind
    joined: str
    terms: int
    names: OperationNames


_NAMES = operation_names("a genotype of DARTS' family", "darts", "nasp")
_RECURRENT_NAMES = operation_names("a recurrent genotype of DARTS' family", "darts_rnn")
_NORMAL = CellKind("normal", "papers.darts", 2, "concat")
_REDUCE = CellKind("reduce", "papers.darts", 2, "concat", reduces=True)
_RECURRENT = CellKind("recurrent", "papers.darts_rnn", 1, "mean", recurrent=True)

FORMS = (
    Form(_NORMAL, "normal_concat", 2, _NAMES),
    Form(_REDUCE, "reduce_concat", 2, _NAMES),
    Form(_RECURRENT, "concat", 1, _RECURRENT_NAMES),
)


def is_genotype(text: str) -> bool:
    """Whether a text is meant to be a genotype."""
    return re.search(r"Genotype\s*\(", text) is not None


def read(source: SourceFile) -> tuple[NumberedCell, ...]:
    """Return the cells that a genotype describes.

    Raises:
        UserError: NAS811 if it is none, NAS812 if it has operations that the family has not.
    """
    diagnostics = Diagnostics()
    fields = _fields(source, diagnostics)
    diagnostics.raise_if_any()
    forms = [form for form in FORMS if form.kind.name in fields or form.joined in fields]
    cells = [_cell(form, fields, source, diagnostics) for form in forms]
    diagnostics.raise_if_any()
    return tuple(cell for cell in cells if cell is not None)


class Field(NamedTuple):
    """A field of a genotype: its name, and the list or range behind it."""

    name: Token
    value: Tree[Token]


def _fields(source: SourceFile, diagnostics: Diagnostics) -> dict[str, Field]:
    """Return the fields by name."""
    known = [name for form in FORMS for name in (form.kind.name, form.joined)]
    fields: dict[str, Field] = {}
    for field in parts_of(parse_notation("genotype", source)):
        [name], [value] = tokens_of(field), parts_of(field)
        if name not in known:
            message, help = f"a genotype has no field `{name}`", suggestion(name, known)
            diagnostics.add("NAS811", message, span_of(source, name), help=help)
        elif name in fields:
            diagnostics.add("NAS811", f"field `{name}` is given twice", span_of(source, name))
        fields[name] = Field(name, value)
    return fields


def _cell(
    form: Form, fields: Mapping[str, Field], source: SourceFile, diagnostics: Diagnostics
) -> NumberedCell | None:
    """Return the cell of a form; None, and mistakes, if its fields are wrong."""
    pairs, numbers = fields.get(form.kind.name), fields.get(form.joined)
    if pairs is None or numbers is None:
        given, missing = (pairs, form.joined) if pairs else (numbers, form.kind.name)
        assert given is not None
        message = f"`{given.name}` comes without `{missing}`"
        diagnostics.add("NAS811", message, span_of(source, given.name))
        return None
    for field, has_pairs, wanted in (
        (pairs, True, "pairs of an operation and a number"),
        (numbers, False, "numbers of nodes"),
    ):
        if (field.value.data == "pairs") != has_pairs:
            message = f"`{field.name}` takes {wanted}"
            diagnostics.add("NAS811", message, span_of(source, field.name))
            return None
    with diagnostics.collecting():
        nodes = _nodes(form, pairs, source)
        return NumberedCell(form.kind, nodes, _joined(form, numbers, len(nodes), source))
    return None


def _nodes(form: Form, field: Field, source: SourceFile) -> tuple[tuple[NumberedEdge, ...], ...]:
    diagnostics, edges = Diagnostics(), []
    for place, pair in enumerate(parts_of(field.value)):
        name, number = tokens_of(pair)
        node = place // form.terms
        with diagnostics.collecting():
            text, span = name[1:-1], span_of(source, name)
            edges.append(NumberedEdge(form.names.operation(text, span), int(number)))
            place_of_number = span_of(source, number)
            check_earlier(int(number), form.kind.sources + node, node + 1, place_of_number)
    diagnostics.raise_if_any()
    if len(edges) % form.terms:
        message = f"`{field.name}` has {len(edges)} operations, and every node {form.terms}"
        raise user_error("NAS811", message, span=span_of(source, field.name))
    return tuple(
        tuple(edges[start : start + form.terms]) for start in range(0, len(edges), form.terms)
    )


def _joined(form: Form, field: Field, nodes: int, source: SourceFile) -> tuple[int, ...]:
    tokens = tokens_of(field.value)
    numbers = [int(token) for token in tokens]
    if field.value.data == "range":
        numbers = [*range(*numbers)]
    values = form.kind.sources + nodes
    wrong = [number for number in numbers if number >= values]
    if wrong or not numbers or len(set(numbers)) < len(numbers):
        span = span_of(source, tokens[0]).to(span_of(source, tokens[-1]))
        message = f"`{field.name}` takes different numbers from 0 to {values - 1}"
        raise user_error("NAS811", message, span=span)
    return tuple(numbers)


def write(architecture: Architecture) -> str:
    """Return the genotype of an architecture.

    Raises:
        UserError: NAS812 if an operation has no name, NAS813 if its cells are of another form.
    """
    cells = architecture.cells.values()
    recurrent = any(cell.is_recurrent for cell in cells)
    strided = any(cell.stride > 1 for cell in cells)
    forms = [
        form
        for form in FORMS
        if form.kind.recurrent == recurrent and (strided or not form.kind.reduces)
    ]
    written = [_written(form, form.kind.cell_in(cells, "architecture")) for form in forms]
    return f"Genotype({', '.join(written)})"


def _written(form: Form, cell: Cell) -> str:
    """Return the two fields of a cell."""
    numbers, pairs = numbers_of(cell), []
    for node in cell.nodes:
        edges = cell.incoming(node)
        if len(edges) != form.terms:
            found = f"node `{node}` sums {len(edges)} operation{'s' * (len(edges) != 1)}"
            raise misfit(cell, found, f"nodes of such a genotype have {form.terms}")
        for edge in edges:
            if edge.source not in numbers:
                help = f"nodes read {', '.join(numbers)}"
                raise misfit(cell, f"node `{node}` reads `{edge.source}`", help)
            pairs.append((form.names.name(edge), numbers[edge.source]))
    joined = output_numbers(cell, form.kind)
    whole = range(joined[0], joined[-1] + 1)
    shown = whole if joined == (*whole,) else [*joined]
    return f"{form.kind.name}={pairs}, {form.joined}={shown}"
