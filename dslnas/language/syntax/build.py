"""Lark's trees to syntax nodes; numbers get their values here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

from lark import Token, Tree

from dslnas.diagnostics import Diagnostics
from dslnas.language.syntax import ast
from dslnas.language.syntax.ast_base import Node
from dslnas.language.syntax.numbers import comma_help
from dslnas.source import SourceFile, Span

MAX_DEPTH = 100
_LARGEST = 1e15
_FACTORS = {"K": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_PARTS = {"%": 100, "us": 1_000_000, "ms": 1_000, "s": 1}
"""Parts of one, and of a second, by unit."""

# By rule of the grammar the node whose fields are the children of its tree, one by one; as a list;
# or the first, and a list of the rest.
_FIELDS: dict[str, Callable[..., Node]] = {
    "let": ast.Let,
    "node": ast.NodeDef,
    "variant": ast.Variant,
    "setting": ast.Setting,
    "named": ast.Named,
    "comparison": ast.Comparison,
    "equation": ast.Comparison,
    "condition": ast.Condition,
    "argument": ast.Argument,
}
_LISTS: dict[str, Callable[..., Node]] = {
    "tuple": ast.Tuple,
    "choice": ast.Choice,
    "chain": ast.Chain,
}
_HEADED: dict[str, Callable[..., Node]] = {"ops": ast.OpsDef}
_EXPRESSIONS = {
    "number", "size", "text", "name", "negative", "sum", "product", "named", "comparison",
    "equation", "call",
    *_LISTS,
}  # fmt: skip


def _spine(tree: Tree[Token]) -> list[Tree[Token]]:
    """Return a sum or product, its first term if that is one too, and so on."""
    spine = [tree]
    first = tree.children[0]
    while isinstance(first, Tree) and first.data in ("sum", "product"):
        spine.append(first)
        first = first.children[0]
    return spine


class TreeBuilder:
    """Turns Lark's trees into syntax nodes of one file; those of a piece of it start at an offset.

    Mistakes go into `diagnostics`: NAS107 for a number that is too large, NAS108 for an expression
    that is nested too deep or too long, for which a 1 then stands so that reading can go on;
    NAS109 for an argument by position after one by name.
    """

    def __init__(self, source: SourceFile, diagnostics: Diagnostics) -> None:
        self._source = source
        self._start = 0
        self._diagnostics = diagnostics
        self._depth = 0
        self._is_too_deep = False

    def build(self, part: Tree[Token] | Token | None) -> Any:
        """Return the node of a tree, a tuple of nodes for a list, the text of a sign.

        Names and numbers are nodes too; None stays what it is: something that is not given.
        """
        if part is None:
            return None
        if isinstance(part, Token):
            return self._token(part)
        rule = str(part.data)
        if rule not in _EXPRESSIONS:
            return self._node(rule, part)
        if self._depth >= MAX_DEPTH:
            return self._too_deep(part, f"expression is nested more than {MAX_DEPTH} levels deep")
        self._depth += 1
        node = self._node(rule, part)
        self._depth -= 1
        return node

    def _node(self, rule: str, tree: Tree[Token]) -> Any:
        if rule in _LISTS:
            return _LISTS[rule](self._trees(tree.children), span=self._span(tree))
        if rule in _FIELDS:
            return _FIELDS[rule](*map(self.build, tree.children), span=self._span(tree))
        if rule in _HEADED:
            first, *rest = tree.children
            return _HEADED[rule](self.build(first), self._trees(rest), span=self._span(tree))
        return getattr(self, f"_{rule}")(tree)

    def _trees(self, parts: Iterable[object]) -> tuple[Any, ...]:
        """Return the nodes of those parts that are trees."""
        return tuple(self.build(part) for part in parts if isinstance(part, Tree))

    def _span(self, node: Tree[Token] | Token) -> Span:
        meta = node.meta if isinstance(node, Tree) else node
        start = self._start
        return Span(self._source, start + (meta.start_pos or 0), start + (meta.end_pos or 0))

    # ---- definitions ----------------------------------------------------------------------------

    def build_all(self, tree: Tree[Token], start: int) -> tuple[Any, ...]:
        """Return the nodes of what the tree of a piece lists that starts at an offset."""
        self._start = start
        return self._listed(tree)

    def _listed(self, tree: Tree[Token]) -> tuple[Any, ...]:
        return self._trees(tree.children)

    _parameters = _block = _values = _conditions = _listed

    def _use(self, tree: Tree[Token]) -> ast.Use:
        (target,) = tree.children
        if isinstance(target, Tree):
            dotted = ".".join(str(part) for part in target.children)
            return ast.Use(dotted, False, span=self._span(tree))
        return ast.Use(str(target)[1:-1], True, span=self._span(tree))

    def _op(self, tree: Tree[Token]) -> ast.OpDef:
        name, parameters, body, *variants = tree.children
        fields = self.build(name), self.build(parameters) or (), self.build(body)
        return ast.OpDef(*fields, self._trees(variants), span=self._span(tree))

    def _parameter(self, tree: Tree[Token]) -> ast.Parameter:
        name, *default = map(self.build, tree.children)
        return ast.Parameter(name, default[0] if default else None, span=self._span(tree))

    def _gate(self, tree: Tree[Token]) -> ast.GateDef:
        name, parameters, *statements = tree.children
        head = Span(self._source, self._span(tree).start, self._span(parameters or name).end)
        return ast.GateDef(
            self.build(name),
            self.build(parameters) or (),
            self._trees(statements),
            head,
            span=self._span(tree),
        )

    def _cell(self, tree: Tree[Token]) -> ast.CellDef:
        name, like, *statements = tree.children
        fields = self.build(name), self.build(like), self._trees(statements)
        return ast.CellDef(*fields, span=self._span(tree))

    def _section(self, tree: Tree[Token]) -> ast.Section:
        kind, name, settings = map(self.build, tree.children)
        return ast.Section(kind, name, settings or (), span=self._span(tree))

    # ---- expressions ----------------------------------------------------------------------------

    def _too_deep(self, node: Tree[Token], message: str) -> ast.Number:
        """Record NAS108, once: what is nested too deep is so at many places."""
        span = self._span(node)
        if not self._is_too_deep:
            first = Span(self._source, span.start, span.start + 1)
            help = "give parts of it a name with `op` or `let`"
            self._diagnostics.add("NAS108", message, first, help=help)
        self._is_too_deep = True
        return ast.Number(1, "1", span=span)

    def _token(self, token: Token) -> ast.Name | ast.Number | str:
        if token.type == "NAME":
            return ast.Name(str(token), span=self._span(token))
        return self._number_token(token) if token.type == "NUMBER" else str(token)

    def _number_token(self, token: Token) -> ast.Number:
        text, span = str(token), self._span(token)
        digits = text.rstrip("%KMGums")
        unit = text[len(digits) :]
        value: int | float = int(digits[:40]) if digits.isdigit() else float(digits)
        if unit in _FACTORS:
            value *= _FACTORS[unit]
        elif unit:
            value /= _PARTS[unit]
        if not math.isfinite(value) or value > _LARGEST:
            value = self._too_large(text, span)
        return ast.Number(value, text, span=span)

    def _too_large(self, text: str, span: Span) -> int:
        message = f"number `{text if len(text) <= 20 else f'{text[:17]}...'}` is too large"
        self._diagnostics.add("NAS107", message, span, help="the limit is 1e15")
        return 1

    def _only(self, tree: Tree[Token]) -> Any:
        return self.build(tree.children[0])

    _name = _number = _only

    def _size(self, tree: Tree[Token]) -> ast.Size:
        span, parts = self._span(tree), []
        for digits in (part.strip() for part in str(tree.children[0]).split("x")):
            value = int(digits[:40])
            parts.append(value if value <= _LARGEST else self._too_large(digits, span))
        return ast.Size(tuple(parts), span=span)

    def _text(self, tree: Tree[Token]) -> ast.Text:
        return ast.Text(str(tree.children[0])[1:-1], span=self._span(tree))

    def _call(self, tree: Tree[Token]) -> ast.Call:
        first, *given = tree.children
        function, arguments = self.build(first), self._trees(given)
        for before, after in pairwise(arguments):
            if after.name is None and before.name is not None:
                self._position_after_name(before, after)
        return ast.Call(function, arguments, span=self._span(tree))

    def _position_after_name(self, named: ast.Argument, argument: ast.Argument) -> None:
        written = named.value.span.to(argument.span)
        message = f"argument `{argument.span.brief}` without a name follows one with a name"
        help = comma_help(written) or "write its name too, or put it in front"
        span = written if comma_help(written) else argument.span
        self._diagnostics.add("NAS109", message, span, help=help)

    def _negative(self, tree: Tree[Token]) -> ast.Negative:
        return ast.Negative(self.build(tree.children[1]), span=self._span(tree))

    def _sum(self, tree: Tree[Token]) -> ast.Expression:
        """Build `a + b - c ...`; it nests to the left, so its length counts as depth."""
        spine = _spine(tree)
        levels = len(spine) - 1  # below the one that `build` has counted
        if self._depth + levels >= MAX_DEPTH:
            return self._too_deep(tree, f"expression has more than {MAX_DEPTH} terms or levels")
        self._depth += levels
        result: ast.Expression = self.build(spine[-1].children[0])
        for place, level in enumerate(reversed(spine)):
            _, sign, right = level.children
            operand = self.build(right)
            result = ast.Binary(str(sign), result, operand, span=self._span(level))
            self._depth -= place < levels
        return result

    _product = _sum
