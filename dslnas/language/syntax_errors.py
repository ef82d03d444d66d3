"""Turns the parser's complaints into messages a user understands."""

from __future__ import annotations

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from dslnas.diagnostics import Diagnostics, Note
from dslnas.language.tokens import BREAK
from dslnas.source import SourceFile, Span

_VALUE = {"NAME", "NUMBER", "LPAR", "MINUS"}
_WORDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a string",
    "SIZE": "a size",
    "EQUAL": "`=`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "ARROW": "`->`",
    "VBAR": "`|`",
    "DOT": "`.`",
    "WHEN": "`when`",
    "LIKE": "`like`",
    BREAK: "the end of the line",
    "$END": "the end of the file",
}
_RESERVED = {"USE", "LET", "OP", "OPS", "CELL", "LIKE", "NODE", "WHEN", "SECTION"}
_STATEMENTS = "`use`, `let`, `op`, `ops`, `cell`, `network`, `data`, `search`, `evaluate`, `export`"
_PAIRS = {"(": ")", "{": "}"}


def describe_syntax_error(
    error: UnexpectedInput, source: SourceFile, text: str, found: Diagnostics
) -> int:
    """Record one syntax error and return its offset in `text`."""
    if isinstance(error, UnexpectedCharacters):
        return _unexpected_character(error.pos_in_stream or 0, source, text, found)
    assert isinstance(error, UnexpectedToken)
    token, expected = error.token, set(error.accepts or error.expected)
    if token.type == "$END":
        return _unexpected_end(expected, source, text, found)
    return _unexpected_token(token, expected, source, text, found)


def _unexpected_character(place: int, source: SourceFile, text: str, found: Diagnostics) -> int:
    character = text[place]
    if character == '"':
        end = text.find("\n", place)
        span = Span(source, place, len(text) if end < 0 else end)
        found.add(
            "NAS102", "string is not closed on its line", span, help='close it with `"`'
        )
    elif character.isdigit():
        end = place
        while end < len(text) and (text[end].isalnum() or text[end] in "._%"):
            end += 1
        span = Span(source, place, end)
        found.add(
            "NAS103",
            f"invalid number `{span.text}`",
            span,
            help="numbers look like `3`, `0.025`, `3e-4`, `50%` or `4M`",
        )
    else:
        found.add(
            "NAS101",
            f"invalid character `{character}`",
            Span(source, place, place + 1),
            help="remove it" if character != "'" else 'strings are written with `"`',
        )
    return place


def _unexpected_end(
    expected: set[str], source: SourceFile, text: str, found: Diagnostics
) -> int:
    end = len(text.rstrip())
    span = Span(source, max(0, end - 1), end)
    opener = unclosed_bracket(source, text)
    if opener is not None:
        closing = _PAIRS[opener.text]
        found.add(
            "NAS105",
            f"`{closing}` is missing at the end of the file",
            span,
            notes=[Note(f"`{opener.text}` is opened here", opener)],
            help=f"close it with `{closing}`",
        )
    else:
        found.add(
            "NAS104", f"expected {_expectation(expected)}, found the end of the file", span
        )
    return span.start


def _unexpected_token(
    token: Token, expected: set[str], source: SourceFile, text: str, found: Diagnostics
) -> int:
    start, end = token.start_pos or 0, token.end_pos or 0
    span = Span(source, start, end)
    if token.type == BREAK:
        before = len(text[:start].rstrip())
        span = Span(source, max(0, before - 1), before)
        shown = "the end of the line" if token != ";" else "`;`"
    else:
        shown = f"`{token}`"
    if token.type in _RESERVED and "NAME" in expected:
        found.add(
            "NAS106",
            f"`{token}` is a word of the language and cannot be used as a name here",
            span,
            help="choose another name",
        )
    elif "USE" in expected and "RBRACE" not in expected and "ARROW" not in expected:
        found.add("NAS104", f"unexpected {shown}", span, help=f"a statement starts with {_STATEMENTS}")
    else:
        found.add("NAS104", f"expected {_expectation(expected)}, found {shown}", span)
    return start


def _expectation(expected: set[str]) -> str:
    """Say in few words what could have come; a value stands for all that can start one."""
    if expected >= _VALUE:
        return "a value"
    words = sorted(_WORDS[e] for e in expected if e in _WORDS and e != "$END")
    # Operators may follow every value: they are left out where anything else is possible.
    essential = [w for w in words if w not in ("`->`", "`(`", "`,`", "`|`")] or words
    return essential[0] if len(essential) == 1 else ", ".join(essential[:-1]) + f" or {essential[-1]}"


def unclosed_bracket(source: SourceFile, text: str) -> Span | None:
    """Return the innermost bracket that is opened and never closed, if there is one."""
    stack: list[int] = []
    quoted = commented = False
    for place, character in enumerate(text):
        if character == "\n":
            quoted = commented = False
        elif commented:
            continue
        elif character == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif character == "#":
            commented = True
        elif character in _PAIRS:
            stack.append(place)
        elif character in _PAIRS.values() and stack:
            stack.pop()
    return Span(source, stack[-1], stack[-1] + 1) if stack else None
