"""Nodes of a cell: as many as it says, or spelt out, with the choices of their edges."""

from __future__ import annotations

from collections.abc import Sequence

from dslnas.diagnostics import Diagnostics, UserError, suggestion, user_error
from dslnas.language.check.cell import Edge
from dslnas.language.check.cell_names import CellNames
from dslnas.language.check.cell_parts import FIRST, CellParts, values_span
from dslnas.language.check.operation_sets import OperationSets
from dslnas.language.syntax import ast


def check_nodes(
    parts: CellParts, names: CellNames, sets: OperationSets, diagnostics: Diagnostics
) -> tuple[Edge, ...] | None:
    """Return the edges of a cell's nodes as they are written, None if they could not be understood.

    A cell that computes values may have none.
    """
    if parts.spelt:
        return _spelt_nodes(parts, names, sets, diagnostics)
    count, choose = parts.settings.nodes, parts.given.get("choose")
    if count is None and choose is None and parts.has_values:
        return ()
    if count is None or choose is None:
        missing = "nodes" if count is None else "operations to choose from"
        is_written = missing == "nodes" and "nodes" in parts.plain
        if parts.definition.like is None and not is_written:  # else it is reported already
            diagnostics.add(
                "NAS305",
                f"{parts.what} has no {missing}",
                parts.definition.name.span,
                help="give `nodes` and `choose`, or spell nodes out with `node n1 = ...`",
            )
        return None
    span = values_span(choose)
    operations = sets.operations(choose.values, span)
    earlier = [FIRST] if FIRST in parts.given else [*names.inputs, *names.states]
    edges = []
    for name in names.nodes:
        edges += [Edge(source, name, operations, span=span) for source in earlier]
        earlier.append(name)
    return tuple(edges) if operations else None


def _spelt_nodes(
    parts: CellParts, names: CellNames, sets: OperationSets, diagnostics: Diagnostics
) -> tuple[Edge, ...]:
    for key in ("nodes", "choose"):
        setting = parts.plain.get(key) or parts.given.get(key)
        if setting is not None:
            diagnostics.add(
                "NAS504",
                f"`{key}` does not go with nodes that are spelt out",
                setting.key.span,
                help=f"remove `{key}`, or the `node` lines",
            )
    edges = [
        _edge(node.name.text, term, names.all, sets, diagnostics)
        for node in parts.spelt
        for term in _terms(node.value)
    ]
    return tuple(edge for edge in edges if edge is not None)


def _edge(
    target: str,
    term: ast.Expression,
    known: Sequence[str],
    sets: OperationSets,
    diagnostics: Diagnostics,
) -> Edge | None:
    """Check one term of a node, such as `sep_conv(3)(in1)` or `{conv(3), none}(n1)`."""
    try:
        match term:
            case ast.Call(
                function=function,
                arguments=(ast.Argument(name=None, value=ast.Name() as source),),
            ):
                if source.text not in known:
                    raise user_error(
                        "NAS201",
                        f"unknown source `{source.text}`",
                        span=source.span,
                        help=suggestion(source.text, known),
                    )
                items = function.items if isinstance(function, ast.Choice) else (function,)
                operations = sets.operations(items, function.span)
                edge = Edge(source.text, target, operations, span=term.span)
                return edge if operations else None
    except UserError as error:
        diagnostics.extend(error)
        return None
    diagnostics.add(
        "NAS304",
        f"expected an operation on a source, found `{term.span.brief}`",
        term.span,
        help="a node sums terms such as `conv(3)(in1)` or `{conv(3), skip_connect}(n1)`",
    )
    return None


def _terms(expression: ast.Expression) -> list[ast.Expression]:
    match expression:
        case ast.Binary(sign="+", left=left, right=right):
            return [*_terms(left), *_terms(right)]
    return [expression]
