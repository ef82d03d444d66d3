"""Lark's trees to syntax nodes; numbers get their values here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from lark import Token, Tree

from dslnas.diagnostics import Diagnostics
from dslnas.language.syntax import ast
from dslnas.source import SourceFile, Span

MAX_DEPTH = 100
_LARGEST = 1e15
_FACTORS = {"K": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_PARTS = {"%": 100, "us": 1_000_000, "ms": 1_000, "s": 1}
"""Parts of one, and of a second, by unit."""


def subtrees(tree: Tree[Token]) -> list[Tree[Token]]:
    """Return the children that are trees, leaving out tokens and what is not given."""
    return [child for child in tree.children if isinstance(child, Tree)]


def _spine(tree: Tree[Token]) -> list[Tree[Token]]:
    """Return a sum or product, its first term if that is one too, and so on."""
    spine = [tree]
    first = tree.children[0]
    while isinstance(first, Tree) and first.data in ("sum", "product"):
        spine.append(first)
        first = first.children[0]
    return spine


class TreeBuilder:
    """Turns Lark's trees into syntax nodes of one file.

    Mistakes go into `diagnostics`: NAS107 for a number that is too large, NAS108 for an expression
    that is nested too deep or too long. A 1 then takes its place, so that reading can go on.
    """

    def __init__(self, source: SourceFile, diagnostics: Diagnostics) -> None:
        self._source = source
        self._diagnostics = diagnostics
        self._depth = 0
        self._is_too_deep = False

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
        """Return a statement of the top level."""
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
            tuple(self._parameter(p) for p in subtrees(parameters)) if parameters else (),  # type: ignore[arg-type]
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

    def _gate(self, tree: Tree[Token]) -> ast.GateDef:
        name, parameters, *statements = tree.children
        assert isinstance(name, Token)
        head = self._span(name if parameters is None else parameters)
        return ast.GateDef(
            self._name(name),
            tuple(self._parameter(p) for p in subtrees(parameters)) if parameters else (),  # type: ignore[arg-type]
            self._statements(statements),
            Span(self._source, self._span(tree).start, head.end),
            span=self._span(tree),
        )

    def _cell(self, tree: Tree[Token]) -> ast.CellDef:
        name, like, *statements = tree.children
        return ast.CellDef(
            self._name(name),
            self._optional_name(like),
            self._statements(statements),
            span=self._span(tree),
        )

    def _statements(self, children: Iterable[object]) -> tuple[ast.Statement, ...]:
        """Return the statements of a cell or gate."""
        build: dict[str, Callable[[Tree[Token]], ast.Statement]] = {
            "setting": self._setting,
            "let": self._let,
            "node": self._node,
        }
        trees = [child for child in children if isinstance(child, Tree)]
        return tuple(build[str(tree.data)](tree) for tree in trees)

    def _node(self, tree: Tree[Token]) -> ast.NodeDef:
        name, value = tree.children
        return ast.NodeDef(self._name(name), self.expression(value), span=self._span(tree))

    def _section(self, tree: Tree[Token]) -> ast.Section:
        kind, name, block = tree.children
        settings = tuple(self._setting(s) for s in subtrees(block)) if block else ()  # type: ignore[arg-type]
        return ast.Section(str(kind), self._optional_name(name), settings, span=self._span(tree))

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
        """Return an expression."""
        assert isinstance(node, Tree)
        if self._depth >= MAX_DEPTH:
            return self._too_deep(node, f"expression is nested more than {MAX_DEPTH} levels deep")
        self._depth += 1
        build = getattr(self, f"_{node.data}_expression")
        result: ast.Expression = build(node)
        self._depth -= 1
        return result

    def _too_deep(self, node: Tree[Token], message: str) -> ast.Number:
        """Record NAS108, once: what is nested too deep is so at many places."""
        span = self._span(node)
        if not self._is_too_deep:
            first = Span(self._source, span.start, span.start + 1)
            help = "give parts of it a name with `op` or `let`"
            self._diagnostics.add("NAS108", message, first, help=help)
        self._is_too_deep = True
        return ast.Number(1, "1", span=span)

    def _number_token(self, token: object) -> ast.Number:
        assert isinstance(token, Token)
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
        shown = text if len(text) <= 20 else f"{text[:17]}..."
        self._diagnostics.add(
            "NAS107", f"number `{shown}` is too large", span, help="the limit is 1e15"
        )
        return 1

    def _number_expression(self, tree: Tree[Token]) -> ast.Number:
        return self._number_token(tree.children[0])

    def _size_expression(self, tree: Tree[Token]) -> ast.Size:
        (token,) = tree.children
        span, parts = self._span(tree), []
        for digits in (part.strip() for part in str(token).split("x")):
            value = int(digits[:40])
            parts.append(value if value <= _LARGEST else self._too_large(digits, span))
        return ast.Size(tuple(parts), span=span)

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

    def _sum_expression(self, tree: Tree[Token]) -> ast.Expression:
        """Build `a + b - c ...`; it nests to the left, so its length counts as depth."""
        spine = _spine(tree)
        levels = len(spine) - 1  # below the one that `expression` has counted
        if self._depth + levels >= MAX_DEPTH:
            return self._too_deep(tree, f"expression has more than {MAX_DEPTH} terms or levels")
        self._depth += levels
        result = self.expression(spine[-1].children[0])
        for place, level in enumerate(reversed(spine)):
            _, sign, right = level.children
            operand = self.expression(right)
            result = ast.Binary(str(sign), result, operand, span=self._span(level))
            self._depth -= place < levels
        return result

    _product_expression = _sum_expression

    def _comparison_expression(self, tree: Tree[Token]) -> ast.Comparison:
        left, operator, right = tree.children
        return ast.Comparison(
            self.expression(left),
            str(operator),
            self.expression(right),
            span=self._span(tree),
        )

    def _named_expression(self, tree: Tree[Token]) -> ast.Named:
        name, value = tree.children
        return ast.Named(self._name(name), self.expression(value), span=self._span(tree))

    def _chain_expression(self, tree: Tree[Token]) -> ast.Chain:
        return ast.Chain(tuple(self.expression(c) for c in subtrees(tree)), span=self._span(tree))
