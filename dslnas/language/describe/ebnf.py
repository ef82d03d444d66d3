"""The grammar in EBNF, as the XML recommendation of the W3C writes it: for people and programs."""

from __future__ import annotations

from collections.abc import Iterator

from dslnas.language.describe.rules import (
    Choice,
    Expression,
    Literal,
    Reference,
    Repeat,
    Sequence,
    language_rules,
)
from dslnas.language.syntax.tokens import BREAK, CONTINUES_AFTER, CONTINUES_BEFORE, RESERVED, SIGNS

_TOKENS = {
    "NAME": "[A-Za-z_] [A-Za-z0-9_]*",
    "NUMBER": "[0-9]+ ( '.' [0-9]+ )? ( [eE] [+-]? [0-9]+ )? ( 'ms' | 'us' | 's' | [%KMG] )?",
    "SIZE": "[0-9]+ ( 'x' [0-9]+ )+",
    "STRING": "'\"' [^\"#xA]* '\"'",
}


def ebnf_text() -> str:
    """Return the whole grammar, with what it does not say itself as comments."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "/* The grammar of .nas files. Written by `dslnas grammar ebnf`. */"
    yield ""
    for name, rule in language_rules().items():
        yield f"{name} ::= {_written(rule)}"
    yield ""
    yield f"{_shown(BREAK)} ::= ( '#' [^#xA]* )? #xA | ';'"
    for name, pattern in _TOKENS.items():
        yield f"{name} ::= {pattern}"
    after, before = (
        " ".join(sorted(SIGNS[token] for token in tokens))
        for tokens in (CONTINUES_AFTER, CONTINUES_BEFORE)
    )
    yield ""
    yield "/* Spaces, tabs and comments, from # to the end of the line, may stand between tokens."
    yield "   A line break is no BREAK inside of parentheses, at the start and the end of the file,"
    yield f"   behind {after}"
    yield f"   and in front of {before}; several in a row are one."
    yield f"   No NAME: {' '.join(RESERVED)}. */"


def _written(part: Expression, *, inside: bool = False) -> str:
    match part:
        case Literal(text=text):
            return f"'{text}'"
        case Reference(name=name):
            return _shown(name)
        case Sequence(parts=parts):
            text = " ".join(_written(one, inside=True) for one in parts)
        case Choice(parts=parts):
            text = " | ".join(_written(one, inside=True) for one in parts)
        case Repeat(part=inner, sign=sign):
            return f"{_written(inner, inside=True)}{sign}"
    return f"( {text} )" if inside else text


def _shown(name: str) -> str:
    return name.removeprefix("_")
