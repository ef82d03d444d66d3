"""Finds the syntax errors of a text that the parser refused, and says them in the user's words.

A file is read again in pieces that start at the words of its top-level statements, so that one
mistake does not hide the others; inside a block reading goes on at the next line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from dslnas.diagnostics import MOST_SHOWN, Diagnostic
from dslnas.edits import edits_of
from dslnas.language.syntax.characters import character_error
from dslnas.language.syntax.grammar import language_parser
from dslnas.language.syntax.help import help_before_others
from dslnas.language.syntax.messages import END, token_error
from dslnas.language.syntax.parse_failure import ParseFailure
from dslnas.language.syntax.tokens import STATEMENTS, pieces
from dslnas.source import SourceFile

_LARGEST_REREAD = 20_000


def syntax_errors(source: SourceFile) -> list[Diagnostic]:
    """Return the syntax errors of a file, at most as many as are shown."""
    diagnostics: list[Diagnostic] = []
    for start, end in pieces(source.text, STATEMENTS):
        for diagnostic in _piece_errors(source, start, end):
            diagnostics.append(diagnostic)
            if len(diagnostics) == MOST_SHOWN:
                return diagnostics
    return diagnostics


def value_errors(source: SourceFile, start: int) -> list[Diagnostic]:
    """Return the first syntax error of the values that start at an offset."""
    text = source.text[start:]
    refused = _refused(source, start, text, "values", "the end of the value")
    return [] if refused is None else [refused[1]]


def _piece_errors(source: SourceFile, start: int, end: int) -> Iterator[Diagnostic]:
    text = source.text[start:end]
    while (refused := _refused(source, start, text, "program", "the end of the file")) is not None:
        failure, diagnostic = refused
        yield diagnostic
        rest = _without_statement(failure)
        if rest is None or len(text) > _LARGEST_REREAD:
            return
        text = rest


def _refused(
    source: SourceFile, start: int, text: str, rule: str, end: str
) -> tuple[ParseFailure, Diagnostic] | None:
    """Return where and why the parser refuses a piece of text, or None if it does not."""
    try:
        language_parser().parse(text, start=rule)
    except UnexpectedCharacters as error:
        failure = _failure(source, start, text, error.pos_in_stream or 0, end)
        diagnostic = character_error(failure)
    except UnexpectedToken as error:
        token = error.token
        at = len(text) if token.type == END else token.start_pos or 0
        failure = _failure(source, start, text, at, end)
        diagnostic = token_error(failure, token, set(error.accepts or error.expected))
    else:
        return None
    help = help_before_others(failure)
    if help:
        edits = edits_of(help, diagnostic.span)
        diagnostic = replace(diagnostic, help=str(help), edits=edits)
    return failure, diagnostic


def _failure(source: SourceFile, start: int, text: str, at: int, end: str) -> ParseFailure:
    before: list[Token] = []
    after: list[Token] = []
    try:
        for token in language_parser().lex(text):
            (before if (token.start_pos or 0) < at else after).append(token)
    except UnexpectedCharacters:
        pass  # what can be read is enough
    return ParseFailure(source, start, text, tuple(before), tuple(after), at, end)


def _without_statement(failure: ParseFailure) -> str | None:
    """Blank out the refused statement of a block; None if it cannot be told where it ends."""
    in_block = len(failure.open) == 1 and failure.is_block_start(failure.open[0])
    if not in_block or not failure.statement or failure.at == len(failure.text):
        return None
    text, start = failure.text, failure.statement[0].start_pos or 0
    end = text.find("\n", failure.at)
    statement = text[start:] if end < 0 else text[start:end]
    if any(statement.count(a) != statement.count(b) for a, b in ("()", "{}")):
        return None
    return text[:start] + re.sub(r"[^\n]", " ", statement) + text[start + len(statement) :]
