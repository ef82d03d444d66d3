"""Words that start statements, and line breaks that end them: the grammar sees only those."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from lark import Token

STATEMENTS = {
    "USE": ("use",),
    "LET": ("let",),
    "OP": ("op",),
    "OPS": ("ops",),
    "GATE": ("gate",),
    "CELL": ("cell",),
    "SECTION": ("network", "data", "search", "derive", "evaluate", "export"),
}
"""By token the words that start a statement of the top level."""

NEVER_INSIDE = STATEMENTS.keys() - {"LET"}
"""Tokens of those that start none in a block."""

SIGNS = {
    "COMMA": ",", "EQUAL": "=", "PLUS": "+", "MINUS": "-", "STAR": "*", "SLASH": "/", "ARROW": "->",
    "COMPARE": "< <= > >=", "VBAR": "|", "COLON": ":",
    "LPAR": "(", "RPAR": ")", "LBRACE": "{", "RBRACE": "}",
}  # fmt: skip
"""By token the sign, or the signs, that it stands for."""

RESERVED = (
    *(word for words in STATEMENTS.values() for word in words),
    "like",
    "node",
    "when",
    "and",
)
"""Words that are no names."""

MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""By comparison the one that says the same from the other side."""

BREAK = "_BREAK"
_OPENING = {"LPAR": 1, "RPAR": -1}
# A break after one of these, or before one of those, continues the statement.
CONTINUES_AFTER = {
    "COMMA", "EQUAL", "PLUS", "MINUS", "STAR", "SLASH", "ARROW", "COMPARE", "VBAR", "COLON",
    "LBRACE",
}  # fmt: skip
CONTINUES_BEFORE = {"ARROW", "VBAR", "RBRACE"}


class LineBreaks:
    """Lark post-lexer: drops breaks that do not end a statement and joins runs of them."""

    always_accept = (BREAK,)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """Yield the tokens of `stream` without the breaks that do not count."""
        depth = 0
        previous = "LBRACE"  # breaks at the start of the text do not count
        waiting: Token | None = None
        for token in stream:
            if token.type == BREAK:
                if depth == 0 and previous not in CONTINUES_AFTER and waiting is None:
                    waiting = token
                continue
            if waiting is not None and token.type not in CONTINUES_BEFORE:
                yield waiting
            waiting = None
            depth = max(0, depth + _OPENING.get(token.type, 0))
            previous = token.type
            yield token


def pieces(text: str, starts: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yield the bounds of pieces of a text, each from a line that starts with one of some tokens.

    A text is right if its pieces are that start with what is never inside of a block.
    """
    words = "|".join(word for token in sorted(starts) for word in STATEMENTS[token])
    found = [match.start() for match in re.finditer(rf"^(?:{words})\b", text, re.M)]
    yield from pairwise(sorted({0, *found, len(text)}))
