"""Cells inside of cells: where a node applies a cell, its nodes and values are written out.

`node n2 = inner(n1)` stands for a copy of the nodes of `inner`, with names of their own. Whatever
an inner cell chooses is chosen anew at every place where it is applied, by the cell around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce

from dslnas.diagnostics import user_error
from dslnas.language.check.calls import called
from dslnas.language.check.cell_parts import FIRST, CellParts
from dslnas.language.check.context import Context
from dslnas.language.link.link import LinkedProgram
from dslnas.language.link.used_names import mentioned
from dslnas.language.syntax import ast
from dslnas.names import free_name
from dslnas.ops.catalogue import LANGUAGE
from dslnas.source import Span

MAX_STATEMENTS = 1000
"""Nodes and values of a cell, those of inner cells included."""

_OF_NETWORK = ("stride", "widen", "states", "next", "edge", "normalise")
_SHARED = ("keep", "none")


def inner_cells(definition: ast.CellDef, linked: LinkedProgram) -> Iterator[str]:
    """Yield the names of the cells that the nodes of a cell apply, itself left out."""
    for statement in definition.statements:
        if isinstance(statement, ast.NodeDef):
            names = (name for name in mentioned(statement.value) if is_cell(name, linked))
            yield from (name for name in names if name != definition.name.text)


def applied_cell(term: ast.Expression, linked: LinkedProgram) -> ast.Name | None:
    """Return the cell that a term of a node applies; an operation of the same name comes first."""
    match term:
        case ast.Call(function=ast.Name(text=text) as name) if is_cell(text, linked):
            return name
    return None


def is_cell(name: str, linked: LinkedProgram) -> bool:
    """Whether a name is that of a cell, and of no operation."""
    return name in linked.cells and name not in linked.operations and name not in LANGUAGE


def terms(expression: ast.Expression) -> list[ast.Expression]:
    """Return what a node sums."""
    match expression:
        case ast.Binary(sign="+", left=left, right=right):
            return [*terms(left), *terms(right)]
    return [expression]


def with_inner_cells(
    definition: ast.CellDef, cells: Mapping[str, ast.CellDef], context: Context
) -> ast.CellDef:
    """Return a cell with the cells that its nodes apply written out; it is equal if there are none.

    Raises:
        UserError: NAS108 for a cell that becomes too large, NAS206 for one that is inside of
            itself, NAS208 for a wrong number of sources, NAS504 for what only a cell of the network
            can have, and for settings that contradict those of the outer cell.
    """
    values = [s.value for s in definition.statements if isinstance(s, ast.NodeDef)]
    applied = (applied_cell(term, context.linked) for value in values for term in terms(value))
    if not any(applied):
        return definition
    return _Outer(definition, cells, context, (), {}).expanded()


class _Outer:
    """A cell while cells are written out in it; `above` are those that it is inside of.

    `done` has the inner cells that were written out before, by name.
    """

    def __init__(
        self,
        definition: ast.CellDef,
        cells: Mapping[str, ast.CellDef],
        context: Context,
        above: tuple[str, ...],
        done: dict[str, ast.CellDef],
    ) -> None:
        self._definition, self._cells, self._context = definition, cells, context
        self._above, self._done = (*above, definition.name.text), done
        self._statements: list[ast.Statement] = []
        parts = CellParts(definition, context)
        self._given = dict(parts.given)
        inputs = [name.text for name in _inputs(parts)]
        self._taken = {*inputs, *parts.settings.states, FIRST}
        self._taken |= {let.name.text for let in parts.lets}
        self._taken |= {node.name.text for node in parts.spelt}

    def expanded(self) -> ast.CellDef:
        for statement in self._definition.statements:
            if isinstance(statement, ast.NodeDef):
                self._add(self._plain(statement))
            else:
                self._add(statement)
        return self._definition.replace(statements=tuple(self._statements), like=None)

    def _add(self, statement: ast.Statement) -> None:
        self._statements.append(statement)
        if len(self._statements) > MAX_STATEMENTS:
            name = self._definition.name
            message = f"cell `{name.text}` has more than {MAX_STATEMENTS:,} nodes and values"
            help = "apply fewer cells inside of it"
            raise user_error("NAS108", message, span=name.span, help=help)

    def _plain(self, node: ast.NodeDef) -> ast.NodeDef:
        """Return a node with the names of what the cells give that its terms apply."""
        found: list[ast.Expression] = []
        for term in terms(node.value):
            name = applied_cell(term, self._context.linked)
            if name is not None and isinstance(term, ast.Call):
                found.append(self._inline(name, term.arguments, node.name.text))
            else:
                found.append(term)
        return node.replace(value=_summed(found))

    def _inline(
        self, name: ast.Name, arguments: Sequence[ast.Argument], prefix: str
    ) -> ast.Expression:
        if name.text in self._above:
            circle = " -> ".join([*self._above, name.text])
            message, help = f"cell is inside of itself: {circle}", "a cell may apply only others"
            raise user_error("NAS206", message, span=name.span, help=help)
        if name.text not in self._done:
            inner = self._cells[name.text]
            outer = _Outer(inner, self._cells, self._context, self._above, self._done)
            self._done[name.text] = outer.expanded()
        parts = CellParts(self._done[name.text], self._context)
        self._check(parts, name)
        sources = self._sources(parts, name, arguments, prefix)
        copy = _Copy(parts, sources, lambda own: self._take(f"{prefix}_{own}"))
        for statement in copy.statements():
            self._add(statement)
        output = copy.output()
        if isinstance(output, ast.Name):
            return output
        result = ast.Name(self._take(f"{prefix}_out"), span=name.span)
        self._add(ast.Let(result, output, span=output.span))
        return result

    def _check(self, parts: CellParts, name: ast.Name) -> None:
        """Check that an inner cell says nothing that only the outer one can say."""
        for key in _OF_NETWORK:
            if key in parts.given:
                message = f"`{key}` of {parts.what} does not go with its use inside of a cell"
                help = "it belongs to the cells of the network: leave it out"
                span = parts.given[key].key.span
                raise user_error("NAS504", message, span=span, help=help)
        for key in _SHARED:
            setting = parts.given.get(key)
            if setting is not None and key not in self._given:
                self._given[key] = setting
                self._add(setting)
            if self._values_of(self._given.get(key)) != self._values_of(setting):
                message = f"`{key}` of {parts.what} is another than that of the cell around it"
                raise user_error("NAS504", message, span=name.span, help="give both the same")

    @staticmethod
    def _values_of(setting: ast.Setting | None) -> tuple[ast.Expression, ...]:
        return () if setting is None else setting.values

    def _sources(
        self, parts: CellParts, name: ast.Name, arguments: Sequence[ast.Argument], prefix: str
    ) -> dict[str, ast.Expression]:
        """Return what the inputs of an inner cell are, fitted to it where it says so."""
        inputs = _inputs(parts)
        if len(inputs) != len(arguments) or any(a.name is not None for a in arguments):
            message = f"{parts.what} has {len(inputs)} inputs, found {len(arguments)}"
            help = f"write `{name.text}({', '.join(i.text for i in inputs)})`"
            raise user_error("NAS208", message, span=name.span, help=help)
        sources: dict[str, ast.Expression] = {}
        for own, argument in zip(inputs, arguments, strict=True):
            source = argument.value
            if not isinstance(source, ast.Name):
                source = ast.Name(self._take(f"{prefix}_{own.text}"), span=source.span)
                self._add(ast.Let(source, argument.value, span=argument.span))
            if "preprocess" in parts.given:
                (operation, *_) = parts.given["preprocess"].values
                fitted = ast.Name(self._take(f"{prefix}_{own.text}"), span=source.span)
                self._add(ast.NodeDef(fitted, _apply(operation, source), span=argument.span))
                source = fitted
            sources[own.text] = source
        return sources

    def _take(self, wish: str) -> str:
        name = free_name(wish, self._taken)
        self._taken.add(name)
        return name


class _Copy:
    """The nodes and values of an inner cell, with other names and with its inputs put in."""

    def __init__(
        self,
        parts: CellParts,
        sources: Mapping[str, ast.Expression],
        rename: Callable[[str], str],
    ) -> None:
        self._parts = parts
        numbered = [f"n{number + 1}" for number in range(parts.settings.nodes or 0)]
        self._nodes = [node.name.text for node in parts.spelt] or numbered
        own = [FIRST] if FIRST in parts.given else []
        own += [*(let.name.text for let in parts.lets), *self._nodes]
        span = parts.definition.name.span
        self._names: dict[str, ast.Expression] = dict(sources)
        self._names |= {name: ast.Name(rename(name), span=span) for name in own}

    def statements(self) -> Iterator[ast.Statement]:
        parts = self._parts
        if FIRST in parts.given:
            yield self._let(FIRST, parts.given[FIRST].values[0])
        for let in parts.lets:
            yield self._let(let.name.text, let.value)
        for node in parts.spelt:
            yield self._node(node.name.text, self._renamed(node.value), node.span)
        if not parts.spelt and "choose" in parts.given:
            yield from self._numbered(parts.given["choose"])

    def output(self) -> ast.Expression:
        """Return what the cell gives."""
        setting = self._parts.given.get("output")
        written = setting.values[0] if setting else ast.Name("concat", span=_span(self._parts))
        call = called(written)
        if isinstance(written, ast.Name) and written.text in self._names:
            return self._names[written.text]
        if call is None or call[0].text not in ("concat", "sum", "mean", "last"):
            return self._renamed(written)
        name, arguments = call
        ends = [self._renamed(argument.value) for argument in arguments]
        ends = ends or [self._names[node] for node in self._nodes]
        if name.text == "last" or len(ends) == 1:
            return ends[-1]
        if name.text == "sum":
            return _summed(ends)
        given = tuple(ast.Argument(None, end, span=end.span) for end in ends)
        return ast.Call(name, given, span=written.span)

    def _numbered(self, choose: ast.Setting) -> Iterator[ast.Statement]:
        first, *others = choose.values
        items = first.items if isinstance(first, ast.Choice) and not others else choose.values
        choice = ast.Choice(tuple(items), span=choose.values_span)
        inputs = [name.text for name in _inputs(self._parts)]
        earlier = [FIRST] if FIRST in self._parts.given else inputs
        for node in self._nodes:
            read = [_apply(choice, self._names[name]) for name in earlier]
            yield self._node(node, _summed(read), choose.span)
            earlier = [*earlier, node]

    def _let(self, name: str, value: ast.Expression) -> ast.Let:
        own = self._names[name]
        assert isinstance(own, ast.Name)
        return ast.Let(own, self._renamed(value), span=value.span)

    def _node(self, name: str, value: ast.Expression, span: Span) -> ast.NodeDef:
        own = self._names[name]
        assert isinstance(own, ast.Name)
        return ast.NodeDef(own, value, span=span)

    def _renamed(self, expression: ast.Expression) -> ast.Expression:
        match expression:
            case ast.Name(text=text):
                return self._names.get(text, expression)
            case ast.Binary(left=left, right=right):
                return expression.replace(left=self._renamed(left), right=self._renamed(right))
            case ast.Call(arguments=arguments):
                inner = (a.replace(value=self._renamed(a.value)) for a in arguments)
                return expression.replace(arguments=tuple(inner))
        return expression


def _inputs(parts: CellParts) -> list[ast.Name]:
    inputs = parts.settings.inputs
    names = [f"in{n + 1}" for n in range(inputs)] if isinstance(inputs, int) else inputs
    return [ast.Name(name, span=_span(parts)) for name in names]


def _span(parts: CellParts) -> Span:
    return parts.definition.name.span


def _apply(operation: ast.Expression, source: ast.Expression) -> ast.Expression:
    arguments = (ast.Argument(None, source, span=source.span),)
    return ast.Call(operation, arguments, span=operation.span)


def _summed(parts: Sequence[ast.Expression]) -> ast.Expression:
    return reduce(lambda left, right: ast.Binary("+", left, right, span=left.span), parts)
