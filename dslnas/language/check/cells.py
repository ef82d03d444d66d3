"""Cells: from settings, values and spelt-out nodes to edges with their choices."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.diagnostics import Diagnostics, suggestion
from dslnas.language.check.cell import Cell, Operation
from dslnas.language.check.cell_names import CellNames
from dslnas.language.check.cell_parts import FIRST, CellParts, values_span
from dslnas.language.check.cell_values import CellValues
from dslnas.language.check.constants import MAX_REFERENCES, Scope
from dslnas.language.check.gates import Gates
from dslnas.language.check.nodes import check_nodes
from dslnas.language.check.operation_sets import OperationSets
from dslnas.language.check.output import check_next, check_output
from dslnas.language.link.link import LinkedProgram, merge_cells
from dslnas.language.syntax import ast
from dslnas.source import Span


def check_cells(
    linked: LinkedProgram, constants: Scope, diagnostics: Diagnostics
) -> dict[str, Cell]:
    """Return every cell that could be understood; mistakes go into `diagnostics`."""
    cells = {}
    sets = OperationSets(linked, constants, diagnostics)
    sets.check()
    gates = Gates(linked, constants, diagnostics)
    gates.check()
    for name, definition in _with_likes(linked.cells, diagnostics).items():
        cell = _Cell(definition, linked, sets, gates, constants, diagnostics).check()
        if cell is not None:
            cells[name] = cell
    return cells


def _with_likes(
    cells: Mapping[str, ast.CellDef], diagnostics: Diagnostics
) -> dict[str, ast.CellDef]:
    """Return the cells with what they take over by `like` written out.

    A cell whose `like` leads nowhere keeps it: what it lacks is not known.
    """
    done: dict[str, ast.CellDef] = {}

    def complete(name: str, path: list[str]) -> ast.CellDef:
        cell = cells[name]
        if name in done or cell.like is None:
            return done.setdefault(name, cell)
        like = cell.like
        done[name] = cell
        if like.text not in cells:
            help = suggestion(like.text, [c for c in cells if c != name])
            diagnostics.add("NAS201", f"unknown cell `{like.text}`", like.span, help=help)
        elif like.text in [*path, name]:
            circle = " -> ".join([*path, name, like.text])
            help = "write the settings of one of them"
            diagnostics.add("NAS206", f"cell is like itself: {circle}", like.span, help=help)
        elif len(path) >= MAX_REFERENCES:
            message = f"cell is like more than {MAX_REFERENCES} others, one after the other"
            diagnostics.add("NAS108", message, like.span, help="write its settings")
        else:
            base = complete(like.text, [*path, name])
            done[name] = merge_cells(base, cell).replace(like=base.like)
        return done[name]

    return {name: complete(name, []) for name in cells}


class _Cell:
    """Checks one cell."""

    def __init__(
        self,
        definition: ast.CellDef,
        linked: LinkedProgram,
        sets: OperationSets,
        gates: Gates,
        constants: Scope,
        diagnostics: Diagnostics,
    ) -> None:
        self._sets = sets
        self._gates = gates
        self._diagnostics = diagnostics
        self._parts = parts = CellParts(definition, constants, diagnostics)
        self._names = CellNames(parts, diagnostics)
        self._values = CellValues(parts, self._names, linked, constants, gates, diagnostics)

    def check(self) -> Cell | None:
        """Return the cell, or None if its nodes could not be understood."""
        parts, names, diagnostics = self._parts, self._names, self._diagnostics
        if not names.are_known:
            return None
        settings = parts.settings
        edges, values = check_nodes(parts, names, self._sets, diagnostics), self._values.read()
        preprocess, normalise = self._operation("preprocess"), self._operation("normalise")
        edge = parts.given.get("edge")
        gate = None if edge is None else self._gates.around_edges(edge)
        if edges is None:
            return None
        self._check_use(has_nodes=bool(names.nodes))
        output, output_of = check_output(parts, names, diagnostics)
        return Cell(
            parts.definition.name.text,
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
            values=values,
            first=FIRST if FIRST in parts.given else None,
            gate=gate,
            normalise=normalise,
            written=parts.written(),
            span=parts.definition.name.span,
            spans=self._spans(),
        )

    def _spans(self) -> dict[str, Span]:
        """Return the places of settings and nodes; those of numbered nodes are that of `choose`."""
        parts = self._parts
        spans = {key: s.key.span for key, s in {**parts.plain, **parts.given}.items()}
        keep, choose = parts.span("keep"), parts.span("choose")
        spelt = {node.name.text: node.name.span for node in parts.spelt}
        nodes = {f"node {name}": spelt.get(name, choose) for name in self._names.nodes}
        found = {"keep": keep, **nodes}
        return spans | {key: span for key, span in found.items() if span is not None}

    def _operation(self, key: str) -> Operation | None:
        """Return the operation that a setting names, if it is given."""
        setting = self._parts.given.get(key)
        if setting is None:
            return None
        span = values_span(setting)
        operations = self._sets.operations(setting.values, span)
        if len(operations) > 1:
            message = f"`{key}` takes one operation, found {len(operations)}"
            self._diagnostics.add("NAS504", message, span, help="leave only one of them")
        return operations[0] if operations else None

    def _check_use(self, *, has_nodes: bool) -> None:
        """Check that what is said of edges and nodes has some to be said of."""
        for key in ("edge", "normalise", "keep", "none"):
            setting = self._parts.given.get(key) or self._parts.plain.get(key)
            if setting is not None and not has_nodes:
                if key == "normalise" and FIRST in self._parts.given:
                    continue
                message = f"`{key}` changes nothing: {self._parts.what} has no nodes"
                self._diagnostics.add("NAS504", message, setting.key.span, help=f"remove `{key}`")
