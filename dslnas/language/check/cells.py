"""Cells: from settings, values and spelt-out nodes to edges with their choices."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.diagnostics import Diagnostics
from dslnas.edits import Advice, idle_removal
from dslnas.language.check.cell import Cell, Operation
from dslnas.language.check.cell_names import CellNames
from dslnas.language.check.cell_parts import FIRST, CellParts
from dslnas.language.check.cell_values import CellValues
from dslnas.language.check.constants import CHOICES
from dslnas.language.check.context import Context
from dslnas.language.check.dag import understood_order
from dslnas.language.check.gates import Gates
from dslnas.language.check.inner_cells import with_inner_cells
from dslnas.language.check.nodes import check_nodes
from dslnas.language.check.operation_sets import OperationSets
from dslnas.language.check.output import check_next, check_output
from dslnas.language.link.merge import merge_cells
from dslnas.language.syntax import ast
from dslnas.source import Span


def check_cells(context: Context) -> dict[str, Cell]:
    """Return every cell that could be understood."""
    sets, gates = OperationSets(context), Gates(context)
    definitions = _with_likes(context.linked.cells, context.diagnostics)
    read: dict[str, Cell] = {}
    for name, definition in definitions.items():
        with context.diagnostics.collecting():
            whole = with_inner_cells(definition, definitions, context)
            cell = _cell(whole, sets, gates, context)
            if cell is not None:
                read[name] = cell
    return read


def _with_likes(
    cells: Mapping[str, ast.CellDef], diagnostics: Diagnostics
) -> dict[str, ast.CellDef]:
    """Return the cells with what they take over by `like` written out.

    A cell whose `like` leads nowhere keeps it: what it lacks is not known.
    """
    done = dict(cells)
    uses: dict[str, tuple[str, ...]] = dict.fromkeys(cells, ())
    for name, cell in cells.items():
        like, others = cell.like, cells.keys() - {name}
        if like is not None and (
            like.text == name or diagnostics.is_known("cell", like.text, like.span, others)
        ):
            uses[name] = (like.text,)
    names, help = {n: c.name for n, c in cells.items()}, "write the settings of one of them"
    for name in understood_order(uses, names, "cell", "is like itself", help, diagnostics):
        for base in uses[name]:
            done[name] = merge_cells(done[base], cells[name]).replace(like=done[base].like)
    return done


def _cell(
    definition: ast.CellDef, sets: OperationSets, gates: Gates, context: Context
) -> Cell | None:
    """Return a checked cell, or None if its nodes could not be understood."""
    diagnostics, parts = context.diagnostics, CellParts(definition, context)
    names, settings = CellNames(parts, diagnostics), parts.settings
    if not names.are_known:
        return None
    values = CellValues(parts, names, context, gates)
    edges = check_nodes(parts, names, sets, values, diagnostics)
    values.read_named()
    preprocess, normalise = (
        _operation(parts.given.get(key), sets, diagnostics) for key in ("preprocess", "normalise")
    )
    gate = gates.around_edges(parts.given["edge"]) if "edge" in parts.given else None
    if edges is None:
        return None
    if not names.nodes:
        _check_use(parts, diagnostics)
    output, output_of = check_output(parts, names, values, diagnostics)
    return Cell(
        definition.name.text,
        names.inputs,
        tuple(names.nodes),
        edges,
        None if settings.keep == "all" else settings.keep,
        settings.none == "allowed",
        preprocess,
        output,
        output_of,
        settings.stride,
        settings.widen,
        states=names.states,
        next_states=check_next(parts, names, diagnostics),
        values=tuple(values.values),
        first=FIRST if FIRST in parts.given else None,
        gate=gate,
        is_spelt=bool(parts.spelt),
        normalise=normalise,
        written=(*parts.written(), *values.written),
        span=definition.name.span,
        spans=_spans(parts, names),
    )


def _spans(parts: CellParts, names: CellNames) -> dict[str, Span]:
    """Return the places of settings and nodes; those of numbered nodes are that of `choose`."""
    spans = {key: setting.key.span for key, setting in parts.given.items()}
    spelt = {node.name.text: node.name.span for node in parts.spelt}
    places = {f"node {name}": spelt.get(name, parts.span("choose")) for name in names.nodes}
    places["keep"] = parts.span("keep")
    places |= {f"all of {node.name.text}": node.span for node in parts.spelt}
    places |= {f"all of {let.name.text}": let.span for let in parts.lets}
    return spans | {key: span for key, span in places.items() if span is not None}


def _operation(
    setting: ast.Setting | None, sets: OperationSets, diagnostics: Diagnostics
) -> Operation | None:
    """Return the operation that a setting names, if it is given; NAS504 is recorded for several."""
    if setting is None:
        return None
    operations = sets.operations(setting.values, setting.values_span)
    if len(operations) > 1:
        message = f"`{setting.key.text}` takes one operation, found {len(operations)}"
        help = "leave only one of them"
        diagnostics.add("NAS504", message, setting.values_span, help=help)
    for operation in operations[:1]:
        if operation.variants:
            message = f"nothing can be chosen in `{setting.key.text}`, found `{operation.text}`"
            diagnostics.add("NAS304", message, setting.values_span, help=CHOICES)
    return operations[0] if operations else None


def _check_use(parts: CellParts, diagnostics: Diagnostics) -> None:
    """Record NAS504 for what is said of edges and nodes of a cell that has none."""
    useless = ["edge", "keep", "none", *(() if FIRST in parts.given else ("normalise",))]
    for key in useless:
        if key in parts.given:
            message = f"`{key}` changes nothing: {parts.what} has no nodes"
            setting = parts.given[key]
            help = Advice(f"remove `{key}`", edits=(idle_removal(setting.span),))
            diagnostics.add("NAS504", message, setting.key.span, help=help)
