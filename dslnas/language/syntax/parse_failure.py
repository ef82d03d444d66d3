"""The place where the parser refused a text, and what surrounds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from lark import Token

from dslnas.language.syntax.tokens import BREAK
from dslnas.source import SourceFile, Span

CLOSING = {"LPAR": "RPAR", "LBRACE": "RBRACE"}


@dataclass(frozen=True)
class ParseFailure:
    """A piece of a file, read up to the token or character that cannot stand there.

    Attributes:
        start: Offset of the piece in the file.
        before: Its tokens up to the refused place.
        after: Its tokens from the refused place on, as far as they can be read.
        at: Offset of the refused place in the piece.
        end: Name for the end of the whole text, such as "the end of the file".
    """

    source: SourceFile
    start: int
    text: str
    before: tuple[Token, ...]
    after: tuple[Token, ...]
    at: int
    end: str

    @property
    def next_piece(self) -> str:
        """The word that starts the next piece, "" if there is none."""
        following = self.source.text[self.start + len(self.text) :]
        return following.split(maxsplit=1)[0] if following.strip() else ""

    def span(self, start: int, end: int) -> Span:
        """Return the span between two offsets in the piece."""
        return Span(self.source, self.start + start, self.start + end)

    def span_of(self, token: Token) -> Span:
        """Return the span of a token."""
        return self.span(token.start_pos or 0, token.end_pos or 0)

    @property
    def previous(self) -> Token | None:
        """The token before the refused place, if a statement has begun."""
        last = self.before[-1] if self.before else None
        return None if last is None or last.type == BREAK or self.is_block_start(last) else last

    @property
    def behind(self) -> Span:
        """The place just behind the last token."""
        end = (self.before[-1].end_pos or 0) if self.before else 0
        return self.span(end, end + 1)

    @cached_property
    def open(self) -> tuple[Token, ...]:
        """Brackets that are open at the refused place, the innermost last."""
        return tuple(open_brackets(self.before))

    @property
    def opener(self) -> Token | None:
        """The innermost open bracket."""
        return self.open[-1] if self.open else None

    @property
    def is_closed_later(self) -> bool:
        """Whether the innermost open bracket is closed by a bracket that follows."""
        depth = 1
        for token in self.after:
            if token.type in CLOSING:
                depth += 1
            elif token.type in CLOSING.values():
                depth -= 1
            if depth == 0:
                assert self.opener is not None
                return token.type == CLOSING[self.opener.type]
        return False

    def is_block_start(self, token: Token) -> bool:
        """Whether a token is the brace that opens a gate, a cell or a section."""
        blocks = ("GATE", "CELL", "SECTION")
        is_outermost = bool(self.open) and self.open[0] is token  # tokens are equal as texts are
        return token.type == "LBRACE" and self.before[0].type in blocks and is_outermost

    def starts_line(self, token: Token) -> bool:
        """Whether a token is the first on its line, or the line's end."""
        before = self.text[: token.start_pos]
        return token.type == BREAK or not before[before.rfind("\n") + 1 :].strip()

    @property
    def statement(self) -> tuple[Token, ...]:
        """The tokens of the refused statement before the refused place."""
        start = 0
        for place, token in enumerate(self.before):
            if token.type == BREAK or self.is_block_start(token):
                start = place + 1
        return self.before[start:]


def open_brackets(tokens: Iterable[Token]) -> list[Token]:
    """Return the brackets that are open behind some tokens, the innermost last."""
    stack: list[Token] = []
    for token in tokens:
        if token.type in CLOSING:
            stack.append(token)
        elif token.type in CLOSING.values() and stack:
            stack.pop()
    return stack
