"""Parses text of another notation, and says where it is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from dslnas.diagnostics import UserError, user_error
from dslnas.language.syntax.grammar import grammar_text
from dslnas.source import SourceFile, Span

LONGEST = 20_000
"""Characters of a text: more than any cell has."""

_WORDS = {"NAME": "a name", "NUMBER": "a number", "TEXT": "a name in quotes"}


def parse_notation(grammar: str, source: SourceFile) -> Tree[Token]:
    """Return the tree of a text.

    Raises:
        UserError: NAS811 if it is not of that grammar.
    """
    if len(source.text) > LONGEST:
        message = f"text of one architecture has at most {LONGEST:,} characters"
        raise user_error("NAS811", message, where=source.name)
    parser = _parser(grammar)
    try:
        return parser.parse(source.text)
    except (UnexpectedToken, UnexpectedCharacters) as error:
        raise _failure(parser, source, error) from None


def span_of(source: SourceFile, token: Token) -> Span:
    """Return the place of a token."""
    return Span(source, token.start_pos or 0, token.end_pos or 0)


def parts_of(tree: Tree[Token]) -> list[Tree[Token]]:
    """Return the parts of a piece of text that have parts themselves."""
    return [child for child in tree.children if isinstance(child, Tree)]


def tokens_of(tree: Tree[Token]) -> list[Token]:
    """Return the parts of a piece of text that have none."""
    return [child for child in tree.children if isinstance(child, Token)]


@cache
def _parser(grammar: str) -> Lark:
    return Lark(grammar_text(grammar), parser="lalr", maybe_placeholders=False)


def _failure(parser: Lark, source: SourceFile, error: UnexpectedInput) -> UserError:
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        span, expected = span_of(source, error.token), error.accepts or error.expected
        shown = f"`{span.brief}`"
    elif isinstance(error, UnexpectedToken):
        end = len(source.text.rstrip())
        span, expected = Span(source, end, end + 1), error.accepts or error.expected
        shown = "the end of the text"
    else:
        assert isinstance(error, UnexpectedCharacters)
        start = error.pos_in_stream or 0
        span, expected = Span(source, start, start + 1), error.allowed
        shown = f"`{span.text}`"
    message = f"expected {_listed(parser, expected)}, found {shown}"
    return user_error("NAS811", message, span=span)


def _listed(parser: Lark, terminals: Iterable[str]) -> str:
    """Return what may stand at a place, in words."""
    patterns = {terminal.name: terminal.pattern.value for terminal in parser.terminals}
    words = sorted(
        _WORDS.get(name) or f"`{patterns[name]}`"
        for name in terminals
        if name in patterns and not name.startswith("__IGNORE")  # the end is none
    )
    return " or ".join(words) or "the end of the text"
