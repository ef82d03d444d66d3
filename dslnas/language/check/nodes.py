"""Nodes of a cell: as many as it says, or spelt out, with the choices of their edges."""

from __future__ import annotations

from collections.abc import Sequence

from dslnas.diagnostics import Diagnostics, user_error
from dslnas.edits import Advice, idle_removal
from dslnas.language.check.cell import Edge
from dslnas.language.check.cell_names import CellNames
from dslnas.language.check.cell_parts import FIRST, CellParts
from dslnas.language.check.cell_values import CellValues
from dslnas.language.check.inner_cells import terms
from dslnas.language.check.operation_sets import OperationSets
from dslnas.language.syntax import ast
from dslnas.spelling import suggestion


def check_nodes(
    parts: CellParts,
    names: CellNames,
    sets: OperationSets,
    values: CellValues,
    diagnostics: Diagnostics,
) -> tuple[Edge, ...] | None:
    """Return the edges of a cell's nodes as they are written, None if they could not be understood.

    A cell that computes values may have none.
    """
    if parts.spelt:
        return _spelt_nodes(parts, names, sets, values, diagnostics)
    count, choose = parts.settings.nodes, parts.given.get("choose")
    if count is None and choose is None and parts.has_values:
        return ()
    if count is None or choose is None:
        missing = "nodes" if count is None else "operations to choose from"
        is_written = missing == "nodes" and "nodes" in parts.given
        if parts.definition.like is None and not is_written:  # else it is reported already
            help = "give `nodes` and `choose`, or spell nodes out with `node n1 = ...`"
            span = parts.definition.name.span
            diagnostics.add("NAS305", f"{parts.what} has no {missing}", span, help=help)
        return None
    operations = sets.operations(choose.values, choose.values_span)
    earlier = [FIRST] if FIRST in parts.given else [*names.inputs, *names.states]
    edges = []
    for name in names.nodes:
        edges += [Edge(source, name, operations, span=choose.values_span) for source in earlier]
        earlier.append(name)
    return tuple(edges) if operations else None


def _spelt_nodes(
    parts: CellParts,
    names: CellNames,
    sets: OperationSets,
    values: CellValues,
    diagnostics: Diagnostics,
) -> tuple[Edge, ...]:
    for key in ("nodes", "choose"):
        if key in parts.given:
            message = f"`{key}` does not go with nodes that are spelt out"
            edits = (idle_removal(parts.given[key].span),)
            help = Advice(f"remove `{key}`, or the `node` lines", edits=edits)
            diagnostics.add("NAS504", message, parts.given[key].key.span, help=help)
    edges = []
    for node in parts.spelt:
        for term in terms(node.value):
            with diagnostics.collecting():
                source, choice = _applied(term, names.all, values)
                operations = sets.operations((choice,), choice.span)
                if operations:
                    name = values.read_in_place(source, f"{node.name.text}_in")
                    edges.append(Edge(name, node.name.text, operations, span=term.span))
    return tuple(edges)


def _applied(
    term: ast.Expression, known: Sequence[str], values: CellValues
) -> tuple[ast.Expression, ast.Expression]:
    """Return the source of a term, and the operation or the choice that is applied to it.

    A source alone, and what is computed of several, is handed on as it is.

    Raises:
        UserError: NAS201 for an unknown source, NAS304 for another form than `sep_conv(3)(in1)` or
            `{conv(3), none}(n1)`.
    """
    match term:
        case ast.Call(
            function=function, arguments=(ast.Argument(name=None, value=ast.Name() as source),)
        ):
            if source.text not in known:
                message, help = f"unknown source `{source.text}`", suggestion(source.text, known)
                raise user_error("NAS201", message, span=source.span, help=help)
            return source, function
        case ast.Call(function=function, arguments=(ast.Argument(name=None, value=source),)) if (
            values.mentions(source)
        ):
            return source, function
        case ast.Call(function=function, arguments=arguments) if (
            len(arguments) > 1 and values.mentions(term) and values.may_read_several(function)
        ):
            return _several(term, arguments, known), function
        case ast.Name(text=text) if text in known:
            return term, ast.Name("identity", span=term.span)
        case ast.Call() | ast.Binary(sign="-" | "*") if values.mentions(term):
            return term, ast.Name("identity", span=term.span)
    raise user_error(
        "NAS304",
        f"expected an operation on a source, found `{term.span.brief}`",
        span=term.span,
        help="a node sums terms such as `conv(3)(in1)` or `{conv(3), skip_connect}(n1)`",
    )


def _several(
    term: ast.Expression, arguments: Sequence[ast.Argument], known: Sequence[str]
) -> ast.Tuple:
    """Return the values that an operation reads at once.

    Raises:
        UserError: NAS201 for an unknown source, NAS208 for one with a name.
    """
    for argument in arguments:
        source = argument.value
        if argument.name is not None:
            message = f"values that an operation reads have no names, found `{argument.span.brief}`"
            raise user_error("NAS208", message, span=argument.span, help="leave the name out")
        if isinstance(source, ast.Name) and source.text not in known:
            message, help = f"unknown source `{source.text}`", suggestion(source.text, known)
            raise user_error("NAS201", message, span=source.span, help=help)
    return ast.Tuple(tuple(argument.value for argument in arguments), span=term.span)
