"""Text to syntax tree. Finds mistakes of form only; meaning is the checker's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from lark import Token, Tree
from lark.exceptions import UnexpectedInput

from dslnas.diagnostics import Diagnostics, UserError, user_error
from dslnas.language.syntax import ast
from dslnas.language.syntax.build import TreeBuilder
from dslnas.language.syntax.characters import turning_errors
from dslnas.language.syntax.errors import syntax_errors, value_errors
from dslnas.language.syntax.grammar import language_parser
from dslnas.language.syntax.tokens import NEVER_INSIDE, pieces
from dslnas.source import SourceFile, Span

MAX_CHARACTERS = 200_000
KEPT_TREES = 256
"""Pieces whose trees are kept: as many as the longest specs have, and few megabytes."""

_COMMENT = re.compile(r'"[^"\n]*"|#[^\n]*')


def parse(source: SourceFile) -> ast.Program:
    """Return the syntax tree of a file.

    Raises:
        UserError: NAS003 for a file that is too large, NAS1xx for its syntax errors; after an
            error reading goes on at the next statement.
    """
    text = source.text
    if len(text) > MAX_CHARACTERS:
        raise user_error(
            "NAS003",
            f"file has {len(text):,} characters, more than the {MAX_CHARACTERS:,} allowed",
            where=source.name,
            help="split it with `use`",
        )
    turning = turning_errors(source)
    if turning:
        raise UserError(turning)
    try:
        trees = [
            (start, _tree(text[start:end], "program")) for start, end in pieces(text, NEVER_INSIDE)
        ]
    except UnexpectedInput:
        raise UserError(syntax_errors(source)) from None
    comments = tuple(
        ast.Comment(match[0].rstrip(), span=Span(source, match.start(), match.end()))
        for match in _COMMENT.finditer(text)
        if match[0].startswith("#")
    )
    return ast.Program(_built(trees, source), comments, span=Span(source, 0, len(text)))


def parse_values(source: SourceFile, start: int = 0) -> tuple[ast.Expression, ...]:
    """Return the values of one setting, written from offset `start` on (`--set key=values`).

    Raises:
        UserError: NAS1xx with the position in the argument.
    """
    try:
        tree = _tree(source.text[start:], "values")
    except UnexpectedInput:
        raise UserError(value_errors(source, start)) from None
    return _built([(start, tree)], source)


@lru_cache(KEPT_TREES)
def _tree(text: str, rule: str) -> Tree[Token]:
    """Parse a piece of a text; an editor asks again and again for those that nobody changed."""
    return language_parser().parse(text, start=rule)


def _built(trees: Iterable[tuple[int, Tree[Token]]], source: SourceFile) -> tuple[Any, ...]:
    """Return the nodes of what trees list that start at offsets."""
    diagnostics = Diagnostics()
    builder = TreeBuilder(source, diagnostics)
    nodes = tuple(node for start, tree in trees for node in builder.build_all(tree, start))
    diagnostics.raise_if_any()
    return nodes
