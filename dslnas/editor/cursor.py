"""A place in a text that may be half-written: the statement, block and call that it is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lark import Token

from dslnas.editor.outline import Item, end_of, start_of
from dslnas.language.syntax.parse_failure import open_brackets
from dslnas.language.syntax.tokens import CONTINUES_AFTER


@dataclass(frozen=True)
class Cursor:
    """A place in a text, with the word that is written there.

    Attributes:
        start: Where the word before the place begins; the place itself where there is none.
        item: Statement of the top level that the place is in, None between them.
        before: Tokens of the statement up to the word: of the block's if it is in a block.
        in_block: Whether it is in the block of the item.
    """

    text: str
    offset: int
    start: int
    item: Item | None
    before: tuple[Token, ...]
    in_block: bool

    @property
    def opened(self) -> tuple[Token, ...]:
        """Brackets that are open there, the innermost last."""
        return tuple(open_brackets(self.before))

    @property
    def call(self) -> Token | None:
        """Name of the innermost call whose arguments are written there."""
        if not self.opened or self.opened[-1].type != "LPAR":
            return None
        place = next(i for i, token in enumerate(self.before) if token is self.opened[-1])
        caller = self.before[place - 1] if place else None
        return caller if caller is not None and caller.type == "NAME" else None

    @property
    def argument(self) -> Token | None:
        """Name of the argument whose value is written there, as in `sgd(lr = `."""
        if len(self.before) > 1 and self.before[-1].type == "EQUAL" and self.opened:
            return self.before[-2]
        return None


def cursor_at(text: str, items: Sequence[Item], offset: int, letters: str = "_") -> Cursor:
    """Return a place in a text; of words it takes letters, digits, and other `letters`."""
    start = offset
    while start and (text[start - 1].isalnum() or text[start - 1] in letters):
        start -= 1
    item = next((item for item in reversed(items) if _is_in(text, item, start)), None)
    if item is None:
        return Cursor(text, offset, start, None, (), False)
    head = tuple(token for token in item.head if end_of(token) <= start)
    brace = text.find("{", end_of(item.head[-1])) if item.is_block else len(text)
    if brace >= start:
        return Cursor(text, offset, start, item, head, False)
    begun = [s for s in item.statements if start_of(s[0]) < start]
    before = [token for token in (begun[-1] if begun else ()) if end_of(token) <= start]
    if before and _is_over(text[end_of(before[-1]) : start], before):
        before = []
    return Cursor(text, offset, start, item, tuple(before), True)


def _is_in(text: str, item: Item, start: int) -> bool:
    if start <= item.start or (item.is_closed and item.is_block and start >= item.end):
        return False
    if item.is_block:
        return True
    last = [token for token in item.head if end_of(token) <= start]
    return bool(last) and not _is_over(text[end_of(last[-1]) : start], last)


def _is_over(gap: str, before: Sequence[Token]) -> bool:
    """Whether a statement has ended before a gap is."""
    is_open = any(token.type == "LPAR" for token in open_brackets(before))
    return ("\n" in gap or ";" in gap) and not is_open and before[-1].type not in CONTINUES_AFTER
