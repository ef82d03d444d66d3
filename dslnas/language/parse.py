"""Text to syntax tree. Finds mistakes of form only; meaning is the checker's."""

from __future__ import annotations

import math
import re
from functools import cache

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from dslnas.diagnostics import Diagnostics, user_error
from dslnas.language import ast
from dslnas.language.grammar import grammar_text
from dslnas.language.syntax_errors import describe_syntax_error
from dslnas.language.tokens import LineBreaks
from dslnas.source import SourceFile, Span

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 64

_SUFFIXES = {"%": 0.01, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_ITEM_START = re.compile(r"^(?:use|let|op|ops|cell|network|data|search|evaluate|export)\b", re.M)
_COMMENT = re.compile(r'"[^"\n]*"|#[^\n]*')



def parse(source: SourceFile) -> ast.Program:
    """Return the syntax tree of a file.

    Raises:
        UserError: NAS1xx, every syntax error found; after an error reading goes on at the next
            top-level statement.
    """
    if len(source.text) > MAX_CHARACTERS:
        message = f"file has {len(source.text):,} characters, more than the {MAX_CHARACTERS:,} allowed"
        raise user_error("NAS003", message, where=source.name, help="split it with `use`")
    found = Diagnostics()
    text = source.text
    while True:
        try:
            tree = _parser().parse(text, start="program")
            break
        except UnexpectedInput as error:
            place = describe_syntax_error(error, source, text, found)
            rest = _without_item(text, place)
            if rest == text:
                break
            text = rest
    found.raise_if_any()
    comments = tuple(
        ast.Comment(match[0].rstrip(), span=Span(source, match.start(), match.end()))
        for match in _COMMENT.finditer(source.text)
        if match[0].startswith("#")
    )
    builder = _Builder(source)
    items = tuple(builder.item(child) for child in _trees(tree))
    return ast.Program(items, comments, span=Span(source, 0, len(source.text)))


def parse_values(source: SourceFile, start: int = 0) -> tuple[ast.Expression, ...]:
    """Return the values of one setting, written from offset `start` on (`--set key=values`).

    Raises:
        UserError: NAS1xx with the position in the argument.
    """
    text = " " * start + source.text[start:]
    try:
        tree = _parser().parse(text, start="values")
    except UnexpectedInput as error:
        found = Diagnostics()
        describe_syntax_error(error, source, text, found)
        found.raise_if_any()
        raise
    builder = _Builder(source)
    return tuple(builder.expression(child) for child in _trees(tree))


@cache
def _parser() -> Lark:
    return Lark(
        grammar_text("nas"),
        parser="lalr",
        lexer="basic",
        postlex=LineBreaks(),
        start=["program", "values"],
        propagate_positions=True,
        maybe_placeholders=True,
    )


def _without_item(text: str, place: int) -> str:
    """Blank out the top-level statement around offset `place`, keeping all positions."""
    starts = [m.start() for m in _ITEM_START.finditer(text)]
    begin = max((s for s in starts if s <= place), default=0)
    end = min((s for s in starts if s > max(place, begin)), default=len(text))
    return text[:begin] + re.sub(r"[^\n]", " ", text[begin:end]) + text[end:]


def _trees(tree: Tree[Token]) -> list[Tree[Token]]:
    return [child for child in tree.children if isinstance(child, Tree)]


class _Builder:
    """Turns Lark's trees into syntax nodes of one file."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._depth = 0

    def _span(self, node: Tree[Token] | Token) -> Span:
        meta = node.meta if isinstance(node, Tree) else node
        return Span(self._source, meta.start_pos or 0, meta.end_pos or 0)

    def _name(self, token: object) -> ast.Name:
        assert isinstance(token, Token)
        return ast.Name(str(token), span=self._span(token))

    def _optional_name(self, token: object) -> ast.Name | None:
        return None if token is None else self._name(token)

    # ---- items ----------------------------------------------------------------------------------

    def item(self, tree: Tree[Token]) -> ast.Item:
        build = getattr(self, f"_{tree.data}")
        result: ast.Item = build(tree)
        return result

    def _use(self, tree: Tree[Token]) -> ast.Use:
        (target,) = tree.children
        if isinstance(target, Tree):
            dotted = ".".join(str(part) for part in target.children)
            return ast.Use(dotted, False, span=self._span(tree))
        return ast.Use(str(target)[1:-1], True, span=self._span(tree))

    def _let(self, tree: Tree[Token]) -> ast.Let:
        name, value = tree.children
        return ast.Let(self._name(name), self.expression(value), span=self._span(tree))

    def _op(self, tree: Tree[Token]) -> ast.OpDef:
        name, parameters, body, *variants = tree.children
        return ast.OpDef(
            self._name(name),
            tuple(self._parameter(p) for p in _trees(parameters)) if parameters else (),  # type: ignore[arg-type]
            self.expression(body),
            tuple(self._variant(v) for v in variants if isinstance(v, Tree)),
            span=self._span(tree),
        )

    def _parameter(self, tree: Tree[Token]) -> ast.Parameter:
        name, *default = tree.children
        value = self.expression(default[0]) if default else None
        return ast.Parameter(self._name(name), value, span=self._span(tree))

    def _variant(self, tree: Tree[Token]) -> ast.Variant:
        condition, number, body = tree.children
        value = None if number is None else self._number_token(number)
        return ast.Variant(
            self._name(condition), value, self.expression(body), span=self._span(tree)
        )

    def _ops(self, tree: Tree[Token]) -> ast.OpsDef:
        name, *items = tree.children
        return ast.OpsDef(
            self._name(name), tuple(self.expression(i) for i in items), span=self._span(tree)
        )

    def _cell(self, tree: Tree[Token]) -> ast.CellDef:
        name, like, *statements = tree.children
        built: list[ast.Statement] = []
        for statement in statements:
            if isinstance(statement, Tree):
                is_node = statement.data == "node"
                built.append(self._node(statement) if is_node else self._setting(statement))
        return ast.CellDef(
            self._name(name), self._optional_name(like), tuple(built), span=self._span(tree)
        )

    def _node(self, tree: Tree[Token]) -> ast.NodeDef:
        name, value = tree.children
        return ast.NodeDef(self._name(name), self.expression(value), span=self._span(tree))

    def _section(self, tree: Tree[Token]) -> ast.Section:
        kind, name, block = tree.children
        settings = tuple(self._setting(s) for s in _trees(block)) if block else ()  # type: ignore[arg-type]
        return ast.Section(
            str(kind), self._optional_name(name), settings, span=self._span(tree)
        )

    def _setting(self, tree: Tree[Token]) -> ast.Setting:
        key, values = tree.children
        assert isinstance(values, Tree)
        return ast.Setting(
            self._name(key),
            tuple(self.expression(v) for v in values.children),
            span=self._span(tree),
        )

    # ---- expressions ----------------------------------------------------------------------------

    def expression(self, node: object) -> ast.Expression:
        assert isinstance(node, Tree)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise user_error(
                "NAS108",
                f"expression is nested more than {MAX_DEPTH} levels deep",
                span=self._span(node),
                help="give parts of it a name with `op` or `let`",
            )
        build = getattr(self, f"_{node.data}_expression")
        result: ast.Expression = build(node)
        self._depth -= 1
        return result

    def _number_token(self, token: object) -> ast.Number:
        assert isinstance(token, Token)
        text, span = str(token), self._span(token)
        digits = text.rstrip("%KMG")
        exact = digits.isdigit()
        value: int | float = int(digits[:40]) if exact else float(digits)
        if text != digits:
            value = value * _SUFFIXES[text[-1]] if text[-1] != "%" else value / 100
        if not math.isfinite(value) or value > 1e15:
            raise user_error(
                "NAS107", f"number `{text}` is too large", span=span, help="the limit is 1e15"
            )
        return ast.Number(value, text, span=span)

    def _number_expression(self, tree: Tree[Token]) -> ast.Number:
        return self._number_token(tree.children[0])

    def _size_expression(self, tree: Tree[Token]) -> ast.Size:
        span = self._span(tree)
        parts = tuple(int(part[:12]) for part in str(tree.children[0]).split("x"))
        return ast.Size(parts, span=span)

    def _text_expression(self, tree: Tree[Token]) -> ast.Text:
        return ast.Text(str(tree.children[0])[1:-1], span=self._span(tree))

    def _name_expression(self, tree: Tree[Token]) -> ast.Name:
        return self._name(tree.children[0])

    def _tuple_expression(self, tree: Tree[Token]) -> ast.Tuple:
        return ast.Tuple(tuple(self.expression(c) for c in tree.children), span=self._span(tree))

    def _choice_expression(self, tree: Tree[Token]) -> ast.Choice:
        return ast.Choice(tuple(self.expression(c) for c in tree.children), span=self._span(tree))

    def _call_expression(self, tree: Tree[Token]) -> ast.Call:
        function, *arguments = tree.children
        return ast.Call(
            self.expression(function),
            tuple(self._argument(a) for a in arguments if isinstance(a, Tree)),
            span=self._span(tree),
        )

    def _argument(self, tree: Tree[Token]) -> ast.Argument:
        name, value = tree.children
        return ast.Argument(
            self._optional_name(name), self.expression(value), span=self._span(tree)
        )

    def _negative_expression(self, tree: Tree[Token]) -> ast.Negative:
        return ast.Negative(self.expression(tree.children[1]), span=self._span(tree))

    def _sum_expression(self, tree: Tree[Token]) -> ast.Binary:
        left, sign, right = tree.children
        return ast.Binary(
            str(sign), self.expression(left), self.expression(right), span=self._span(tree)
        )

    _product_expression = _sum_expression

    def _chain_expression(self, tree: Tree[Token]) -> ast.Chain:
        return ast.Chain(tuple(self.expression(c) for c in _trees(tree)), span=self._span(tree))


