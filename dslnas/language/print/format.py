"""The canonical text of a program: what `dslnas fmt` writes, comments kept.

Rules, beside the spaces and parentheses of `dslnas.language.print.layout`:

- Four spaces of indentation; every block has one statement per line, its settings' values in a
  column two spaces behind the longest key.
- A line of more than 100 columns is broken after commas and signs of a sum and before `->`; what
  follows is indented by four more. Every variant of an operation has a line of its own.
- One blank line stays where there were one or more, none at the ends of files and blocks.
- A comment at the end of a line stays there if both fit; it is aligned with those of the lines
  directly above and below. One in the middle of a statement moves before the statement.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from dslnas.language.print.layout import (
    INDENT,
    WIDTH,
    Level,
    Word,
    broken,
    flat,
    join,
    listed,
    words,
)
from dslnas.language.syntax import ast
from dslnas.source import Span

# Depth of the places in a list of parameters: a line ends there only if nothing else helps.
_LAST = 1_000_000


def format_program(program: ast.Program) -> str:
    """Return the canonical text of a file.

    It parses to an equal program with the same comments in the same order, and formatting it
    again changes nothing.
    """
    writer = _Writer(program.comments)
    writer.statements(program.items, program.span.end + 1, "")
    return writer.text()


def format_item(item: ast.Item) -> str:
    """Return a statement of the top level as text, without comments and a final line end."""
    writer = _Writer(())
    writer.statements((item,), item.span.end, "")
    return writer.text().rstrip("\n")


def format_expression(expression: ast.Expression) -> str:
    """Return an expression as text in one line."""
    return flat(words(expression))


def format_operation(expression: ast.Expression) -> str:
    """Return an operation as it is written in front of a source, in one line."""
    return flat(words(expression, Level.CALL))


@dataclass(frozen=True)
class _Line:
    """A line of the result; only lines of whole statements align their comments."""

    text: str
    comment: str = ""
    aligns: bool = False


class _Writer:
    """Writes statements in order and puts every comment where it belongs."""

    def __init__(self, comments: Iterable[ast.Comment]) -> None:
        self._comments = deque(comments)
        self._lines: list[_Line] = []
        self._above: Span | None = None

    def text(self) -> str:
        """Return everything that was written."""
        return "".join(f"{line}\n" for line in _aligned(self._lines))

    def statements(
        self, statements: Sequence[ast.Item | ast.Statement], end: int, indent: str
    ) -> None:
        """Write the statements of a file or block with the comments before offset `end`."""
        self._above = None
        keys = [len(s.key.text) for s in statements if isinstance(s, ast.Setting)]
        column = max(keys, default=0) + 2
        for place, statement in enumerate(statements):
            for comment in self._until(statement.span.start):
                self._comment(comment.text, comment.span, indent)
            last = place + 1 == len(statements)
            limit = end if last else statements[place + 1].span.start
            if isinstance(statement, ast.GateDef | ast.CellDef | ast.Section):
                self._block(statement, limit, indent)
            else:
                inside = self._until(statement.span.end)
                lines = _statement(statement, column, indent)
                self._code(statement.span, inside, lines, self._behind(statement.span, limit))
            self._above = statement.span
        for comment in self._until(end):
            self._comment(comment.text, comment.span, indent)

    # ---- parts ----------------------------------------------------------------------------------

    def _block(
        self, item: ast.GateDef | ast.CellDef | ast.Section, limit: int, indent: str
    ) -> None:
        statements = item.settings if isinstance(item, ast.Section) else item.statements
        inside = self._until(item.head.end) if isinstance(item, ast.GateDef) else []
        if not statements and not self._has_until(item.span.end):
            lines = _opened(item, "" if isinstance(item, ast.Section) else " {}", indent)
            self._code(item.span, inside, lines, self._behind(item.span, limit))
            return
        inner = statements[0].span.start if statements else item.span.end
        beside = self._behind(_before_block(item), inner) if self._has_until(inner) else None
        self._code(item.span, inside, _opened(item, " {", indent), beside, aligns=False)
        self.statements(statements, item.span.end, indent + INDENT)
        behind = self._behind(item.span, limit)
        self._lines.append(_Line(indent + "}", behind.text if behind else ""))

    def _code(
        self,
        span: Span,
        inside: Sequence[ast.Comment],
        lines: Sequence[str],
        behind: ast.Comment | None,
        aligns: bool = True,
    ) -> None:
        """Write a statement; comments that have no room in its last line go before it."""
        indent = lines[0][: len(lines[0]) - len(lines[0].lstrip(" "))]
        moved = list(inside)
        if behind is not None and len(lines[-1]) + 2 + len(behind.text) > WIDTH:
            moved.append(behind)
            behind = None
        for comment in moved:
            self._comment(comment.text, span, indent)
            self._above = None  # nothing separates it from its statement
        self._blank(span)
        *before, last = lines
        self._lines += [_Line(line) for line in before]
        beside = behind.text if behind else ""
        self._lines.append(_Line(last, beside, aligns=aligns and not before))

    def _comment(self, text: str, place: Span, indent: str) -> None:
        self._blank(place)
        self._lines.append(_Line(indent + text))
        self._above = place

    def _blank(self, below: Span) -> None:
        """Leave one line blank if there were blank lines above `below`."""
        above = self._above
        if above is not None and above.source is below.source and below.line - above.last_line > 1:
            self._lines.append(_Line(""))

    # ---- comments -------------------------------------------------------------------------------

    def _has_until(self, end: int) -> bool:
        return bool(self._comments) and self._comments[0].span.start < end

    def _until(self, end: int) -> list[ast.Comment]:
        """Take the comments before offset `end`."""
        taken = []
        while self._has_until(end):
            taken.append(self._comments.popleft())
        return taken

    def _behind(self, span: Span, limit: int) -> ast.Comment | None:
        """Take the comment that ends the last line of `span`, unless it comes after `limit`."""
        if self._has_until(limit) and self._comments[0].span.line == span.last_line:
            return self._comments.popleft()
        return None


def _statement(
    statement: ast.Use | ast.Let | ast.OpDef | ast.OpsDef | ast.Statement, column: int, indent: str
) -> list[str]:
    """Return the lines of a statement without a block; `column` is where values start."""
    match statement:
        case ast.Use(target=target, is_path=is_path):
            return [f'{indent}use "{target}"' if is_path else f"{indent}use {target}"]
        case ast.Let(name=name, value=value):
            return broken(_led(f"let {name.text} = ", words(value)), indent)
        case ast.OpsDef(name=name, items=items):
            parts = [words(item, Level.SUM, 1) for item in items]
            return broken(_led(f"ops {name.text} = ", listed(parts)), indent)
        case ast.NodeDef(name=name, value=value):
            return broken(_led(f"node {name.text} = ", words(value, Level.SUM)), indent)
        case ast.Setting(key=key, values=values):
            parts = [words(value, depth=1) for value in values]
            return broken(_led(key.text.ljust(column), listed(parts)), indent)
    return list(_operation(statement, indent))


def _operation(definition: ast.OpDef, indent: str) -> Iterator[str]:
    *before, last = _with_parameters(f"op {definition.name.text}", definition.parameters)
    body = _led(f"{last.text} = ", words(definition.body))
    yield from broken(join([before, body], last.depth) if before else body, indent)
    for variant in definition.variants:
        start = f"| when {' and '.join(map(_condition, variant.conditions))}: "
        yield from broken(_led(start, words(variant.body)), indent + INDENT)


def _condition(condition: ast.Condition | ast.Comparison) -> str:
    if isinstance(condition, ast.Comparison):
        return format_expression(condition)
    return (
        f"{condition.name.text} {condition.number.text}"
        if condition.number
        else condition.name.text
    )


def _with_parameters(start: str, parameters: Sequence[ast.Parameter]) -> list[Word]:
    """Return the start of a definition with its parameters in parentheses, if it has any."""
    if not parameters:
        return [Word(start)]
    *before, last = listed([_parameter(parameter) for parameter in parameters], _LAST)
    return _led(f"{start}(", [*before, Word(f"{last.text})", last.depth)])


def _parameter(parameter: ast.Parameter) -> list[Word]:
    if parameter.default is None:
        return [Word(parameter.name.text)]
    return _led(f"{parameter.name.text} = ", words(parameter.default, Level.SUM, _LAST + 1))


def _led(start: str, sequence: list[Word]) -> list[Word]:
    """Return words with a text before the first."""
    return [Word(start + sequence[0].text, sequence[0].depth), *sequence[1:]]


def _opened(item: ast.GateDef | ast.CellDef | ast.Section, brace: str, indent: str) -> list[str]:
    """Return the lines of the head of a block, with what opens it."""
    *before, last = _head(item)
    return broken([*before, Word(last.text + brace, last.depth)], indent)


def _head(item: ast.GateDef | ast.CellDef | ast.Section) -> list[Word]:
    """Return what stands before the brace of a block."""
    match item:
        case ast.Section(kind=kind, name=name):
            return [Word(kind if name is None else f"{kind} {name.text}")]
        case ast.GateDef(name=name, parameters=parameters):
            return _with_parameters(f"gate {name.text}", parameters)
    like = "" if item.like is None else f" like {item.like.text}"
    return [Word(f"cell {item.name.text}{like}")]


def _before_block(item: ast.GateDef | ast.CellDef | ast.Section) -> Span:
    """Return the span up to the brace of a block, which is on the same line as its head."""
    span = item.span
    end = item.head.end if isinstance(item, ast.GateDef) else span.start
    return Span(span.source, span.start, span.source.text.index("{", end) + 1)


def _aligned(lines: Sequence[_Line]) -> Iterator[str]:
    """Yield lines with their comments, those of adjacent statements in one column."""
    for aligns, group in groupby(lines, key=lambda line: line.aligns):
        run = list(group)
        commented = [line for line in run if line.comment]
        column = max((len(line.text) for line in commented), default=0) if aligns else 0
        if any(column + 2 + len(line.comment) > WIDTH for line in commented):
            column = 0
        for line in run:
            yield f"{line.text.ljust(column)}  {line.comment}" if line.comment else line.text
