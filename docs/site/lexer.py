"""Colours of specs: a lexer of Pygments that takes its words from the language."""

from __future__ import annotations

from typing import ClassVar

from pygments.lexer import RegexLexer, words
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
)

from dslnas.editor.words import keywords


class NasLexer(RegexLexer):  # type: ignore[misc] # Pygments has no types
    """Tokens of a spec."""

    name = "nas"
    aliases: ClassVar[list[str]] = ["nas"]
    filenames: ClassVar[list[str]] = ["*.nas"]
    tokens: ClassVar = {
        "root": [
            (r"#.*$", Comment),
            (r'"[^"\n]*"', String),
            (words(tuple(keywords()), prefix=r"\b", suffix=r"\b"), Keyword),
            (r"\d[\d.]*(e-?\d+)?(%|ms|[kKM]\b)?", Number),
            (r"\w+(?=\()", Name.Function),
            (r"\w+", Name),
            (r"->|[-+*/=<>|:]+", Operator),
            (r"[{}(),;.]", Punctuation),
            (r"\s+", Whitespace),
            (r".", Text),  # examples of mistakes have more
        ]
    }
