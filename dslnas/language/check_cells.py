"""Cells: from settings and spelt-out nodes to edges with their choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dslnas.diagnostics import Diagnostics, Note, UserError, suggestion, user_error
from dslnas.language import ast
from dslnas.language.checked import CheckedCell, CheckedEdge, CheckedNode, Operation
from dslnas.language.constants import MAX_REFERENCES, Scope
from dslnas.language.link import LinkedProgram, merge_cells
from dslnas.language.operation_sets import OperationSets
from dslnas.language.operations import called
from dslnas.language.typed import build, check_once
from dslnas.settings.sections import CELL_EXPRESSIONS, CellSettings
from dslnas.source import Span

_OTHER_NAME = "choose another name"

OUTPUTS = ("concat", "sum", "mean", "last")


def check_cells(
    linked: LinkedProgram, constants: Scope, found: Diagnostics
) -> dict[str, CheckedCell]:
    """Return every cell that could be understood; mistakes go into `found`."""
    cells = {}
    sets = OperationSets(linked, constants, found)
    sets.check()
    for name, definition in _with_likes(linked.cells, found).items():
        cell = _Cell(definition, sets, constants, found).check()
        if cell is not None:
            cells[name] = cell
    return cells


def _with_likes(cells: Mapping[str, ast.CellDef], found: Diagnostics) -> dict[str, ast.CellDef]:
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
            found.add("NAS201", f"unknown cell `{like.text}`", like.span, help=help)
        elif like.text in [*path, name]:
            circle = " -> ".join([*path, name, like.text])
            help = "write the settings of one of them"
            found.add("NAS206", f"cell is like itself: {circle}", like.span, help=help)
        elif len(path) >= MAX_REFERENCES:
            message = f"cell is like more than {MAX_REFERENCES} others, one after the other"
            found.add("NAS108", message, like.span, help="write its settings")
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
        sets: OperationSets,
        constants: Scope,
        found: Diagnostics,
    ) -> None:
        self._definition = definition
        self._sets = sets
        self._found = found
        self._what = f"cell `{definition.name.text}`"
        settings = [s for s in definition.statements if isinstance(s, ast.Setting)]
        self._given = {s.key.text: s for s in settings if s.key.text in CELL_EXPRESSIONS}
        self._check_keys(settings)
        self._plain = [s for s in settings if s.key.text in _FIELDS]
        self._settings = build(CellSettings, self._plain, constants, self._what, found)

    def check(self) -> CheckedCell | None:
        """Return the cell, or None if its nodes could not be understood."""
        definition, settings = self._definition, self._settings
        inputs = self._inputs()
        nodes = self._nodes(inputs)
        if not nodes:
            return None
        output, output_of = self._output([n.name for n in nodes])
        return CheckedCell(
            definition.name.text,
            inputs,
            self._preprocess(),
            tuple(nodes),
            None if settings.keep == "all" else settings.keep,
            settings.none == "allowed",
            output,
            output_of,
            settings.stride,
            settings.widen,
            span=definition.name.span,
            keep_span=next((_values_span(s) for s in self._plain if s.key.text == "keep"), None),
        )

    def _check_keys(self, settings: Sequence[ast.Setting]) -> None:
        known = [*_FIELDS, *CELL_EXPRESSIONS]
        for setting in settings:
            key = setting.key.text
            if key not in known:
                self._found.add(
                    "NAS501",
                    f"unknown setting `{key}` in {self._what}",
                    setting.key.span,
                    help=suggestion(key, known),
                )
        check_once([s for s in settings if s.key.text in known], self._found)

    def _inputs(self) -> tuple[str, ...]:
        inputs = self._settings.inputs
        if isinstance(inputs, int):
            return tuple(f"in{i + 1}" for i in range(inputs))
        setting = next(s for s in self._plain if s.key.text == "inputs")
        numbered = [f"n{number + 1}" for number in range(self._settings.nodes or 0)]
        for place, name in enumerate(inputs):
            if name in inputs[:place] or name in numbered:
                what = "is the name of a node" if name in numbered else "is already defined"
                span = setting.values[place].span
                self._found.add("NAS204", f"input `{name}` {what}", span, help=_OTHER_NAME)
        return inputs

    # ---- nodes ----------------------------------------------------------------------------------

    def _nodes(self, inputs: tuple[str, ...]) -> list[CheckedNode]:
        spelt = [s for s in self._definition.statements if isinstance(s, ast.NodeDef)]
        if spelt:
            return self._spelt_nodes(spelt, inputs)
        choose = self._given.get("choose")
        if self._settings.nodes is None or choose is None:
            missing = "nodes" if self._settings.nodes is None else "operations to choose from"
            is_written = missing == "nodes" and any(s.key.text == "nodes" for s in self._plain)
            if self._definition.like is None and not is_written:  # else it is reported already
                self._found.add(
                    "NAS305",
                    f"{self._what} has no {missing}",
                    self._definition.name.span,
                    help="give `nodes` and `choose`, or spell nodes out with `node n1 = ...`",
                )
            return []
        span = _values_span(choose)
        operations = self._sets.operations(choose.values, span)
        earlier = list(inputs)
        nodes = []
        for number in range(1, self._settings.nodes + 1):
            edges = tuple(CheckedEdge(s, operations, span) for s in earlier)
            nodes.append(CheckedNode(f"n{number}", edges, span))
            earlier.append(f"n{number}")
        return nodes if operations else []

    def _spelt_nodes(
        self, spelt: Sequence[ast.NodeDef], inputs: tuple[str, ...]
    ) -> list[CheckedNode]:
        for key in ("nodes", "choose"):
            for setting in self._definition.statements:
                if isinstance(setting, ast.Setting) and setting.key.text == key:
                    self._found.add(
                        "NAS504",
                        f"`{key}` does not go with nodes that are spelt out",
                        setting.key.span,
                        help=f"remove `{key}`, or the `node` lines",
                    )
        names: dict[str, ast.Name] = {}
        for node in spelt:
            name = node.name.text
            if name in names or name in inputs:
                first = names.get(name)
                self._found.add(
                    "NAS204",
                    f"node `{name}` is already defined",
                    node.name.span,
                    notes=[Note("the first definition is here", first.span)] if first else (),
                    help=_OTHER_NAME,
                )
            names.setdefault(name, node.name)
        known = [*inputs, *names]
        nodes = []
        for node in spelt:
            edges = [self._edge(term, known) for term in _terms(node.value)]
            nodes.append(
                CheckedNode(
                    node.name.text, tuple(e for e in edges if e is not None), node.name.span
                )
            )
        return nodes

    def _edge(self, term: ast.Expression, known: Sequence[str]) -> CheckedEdge | None:
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
                    operations = self._sets.operations(items, function.span)
                    return CheckedEdge(source.text, operations, term.span) if operations else None
        except UserError as error:
            self._found.extend(error)
            return None
        self._found.add(
            "NAS304",
            f"expected an operation on a source, found `{term.span.brief}`",
            term.span,
            help="a node sums terms such as `conv(3)(in1)` or `{conv(3), skip_connect}(n1)`",
        )
        return None

    # ---- the rest -------------------------------------------------------------------------------

    def _preprocess(self) -> Operation | None:
        setting = self._given.get("preprocess")
        if setting is None:
            return None
        operations = self._sets.operations(setting.values, _values_span(setting))
        if len(operations) > 1:
            self._found.add(
                "NAS504",
                f"`preprocess` takes one operation, found {len(operations)}",
                _values_span(setting),
                help="leave only one of them",
            )
        return operations[0] if operations else None

    def _output(self, nodes: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        setting = self._given.get("output")
        if setting is None:
            return "concat", tuple(nodes)
        call = called(setting.values[0]) if len(setting.values) == 1 else None
        if call is None or call[0].text not in OUTPUTS:
            self._found.add(
                "NAS502",
                f"`output` must be {', '.join(f'`{o}`' for o in OUTPUTS[:-1])} or `last`, "
                f"not `{_values_span(setting).brief}`",
                _values_span(setting),
                help="name nodes in parentheses to join only those: `concat(n2, n3)`",
            )
            return "concat", tuple(nodes)
        name, arguments = call
        if name.text == "last" and not arguments:
            return "last", (nodes[-1],)
        if name.text == "last" and len(arguments) > 1:
            self._found.add(
                "NAS502",
                f"`last` gives one node, found {len(arguments)}",
                _values_span(setting),
                help="use `concat`, `sum` or `mean` to join nodes",
            )
        chosen = []
        for argument in arguments:
            value = argument.value
            if isinstance(value, ast.Name) and value.text in nodes:
                chosen.append(value.text)
            else:
                self._found.add(
                    "NAS201",
                    f"unknown node `{value.span.brief}`",
                    value.span,
                    help=suggestion(value.span.text, nodes),
                )
        return name.text, tuple(chosen) if arguments else tuple(nodes)


_FIELDS = tuple(CellSettings.fields)


def _terms(expression: ast.Expression) -> list[ast.Expression]:
    match expression:
        case ast.Binary(sign="+", left=left, right=right):
            return [*_terms(left), *_terms(right)]
    return [expression]


def _values_span(setting: ast.Setting) -> Span:
    return setting.values[0].span.to(setting.values[-1].span)
