"""The outline of a text that may be half-written: its statements, told by its tokens alone.

A word of the top level that begins a line begins a statement, whatever is still open above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lark import Token
from lark.exceptions import UnexpectedCharacters

from dslnas.language.syntax.grammar import language_parser
from dslnas.language.syntax.tokens import BREAK, STATEMENTS

BLOCKS = ("GATE", "CELL", "SECTION")
_MOST_SKIPPED = 20
_INNER = ("LET", "NODE")
"""Words that begin a statement of a block."""


def start_of(token: Token) -> int:
    """Return where a token begins."""
    return token.start_pos or 0


def end_of(token: Token) -> int:
    """Return where a token ends."""
    return token.end_pos or 0


def read_tokens(text: str) -> list[Token]:
    """Return the tokens of a text; characters that begin none are left out, of which few may be."""
    for _ in range(_MOST_SKIPPED):
        tokens: list[Token] = []
        try:
            for token in language_parser().lex(text):
                tokens.append(token)
        except UnexpectedCharacters as error:
            place = error.pos_in_stream or 0
            text = f"{text[:place]} {text[place + 1 :]}"
        else:
            break
    return tokens


@dataclass(frozen=True)
class Item:
    """A statement of the top level.

    Attributes:
        head: Its tokens, of a block those before the brace.
        statements: Tokens of the statements of its block.
        end: Where it ends: behind its brace, else where the next one begins.
        is_block: Whether its block has begun.
        is_closed: Whether it has ended.
    """

    head: tuple[Token, ...]
    statements: tuple[tuple[Token, ...], ...]
    end: int
    is_block: bool = False
    is_closed: bool = False

    @property
    def start(self) -> int:
        """Where it begins."""
        return start_of(self.head[0])

    @property
    def word(self) -> str:
        """The word that it begins with, such as `cell`."""
        return str(self.head[0])

    @property
    def name(self) -> Token | None:
        """Its name, if it has one."""
        return next((token for token in self.head[1:2] if token.type == "NAME"), None)

    @property
    def parameters(self) -> list[Token]:
        """Names of its parameters, if it is an operation or a gate."""
        names: list[Token] = []
        depth = 0
        for before, token in zip(self.head[1:], self.head[2:], strict=False):
            if depth == 0 and token.type != "LPAR":
                return names
            depth += {"LPAR": 1, "RPAR": -1}.get(token.type, 0)
            if depth == 0:
                return names
            if token.type == "NAME" and depth == 1 and before.type in ("LPAR", "COMMA"):
                names.append(token)
        return names


@dataclass
class _Reading:
    """An item while its tokens are read."""

    head: list[Token]
    statements: list[list[Token]] = field(default_factory=list)
    depth: int = 0

    def add(self, token: Token, *, is_first: bool) -> bool:
        """Take a token; return whether it ends the item."""
        if not self.statements:
            if token.type == BREAK:
                return True
            if token.type == "LBRACE" and self.head[0].type in BLOCKS:
                self.statements.append([])
            else:
                self.head.append(token)
            return False
        if token.type == BREAK or (is_first and token.type in _INNER):
            self.statements.append([])
            self.depth = 0
        self.depth += {"LBRACE": 1, "RBRACE": -1}.get(token.type, 0)
        if self.depth < 0:
            return True
        if token.type != BREAK:
            self.statements[-1].append(token)
        return False

    def item(self, end: int, *, is_closed: bool) -> Item:
        """Return the item."""
        statements = tuple(tuple(statement) for statement in self.statements if statement)
        return Item(tuple(self.head), statements, end, bool(self.statements), is_closed)


def outline(text: str, tokens: Sequence[Token]) -> list[Item]:
    """Return the statements of the top level."""
    return list(_items(text, tokens))


def _items(text: str, tokens: Sequence[Token]) -> Iterator[Item]:
    reading: _Reading | None = None
    before = 0
    for token in tokens:
        gap = text[before : start_of(token)]
        is_first = not text[: start_of(token)].strip() or "\n" in gap or ";" in gap
        before = end_of(token)
        if _begins_item(text, token, reading, is_first=is_first):
            if reading is not None:
                yield reading.item(start_of(token), is_closed=True)
            reading = _Reading([token])
        elif reading is not None and reading.add(token, is_first=is_first):
            yield reading.item(end_of(token), is_closed=True)
            reading = None
    if reading is not None:
        yield reading.item(len(text), is_closed=False)


def _begins_item(text: str, token: Token, reading: _Reading | None, *, is_first: bool) -> bool:
    if token.type not in STATEMENTS:
        return False
    if reading is None:
        return True
    starts_line = start_of(token) == 0 or text[start_of(token) - 1] == "\n"
    return is_first and (token.type != "LET" or starts_line or not reading.statements)
