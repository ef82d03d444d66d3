"""The word at a place of a text, and what it names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lark import Token

from dslnas.editor.document import Document
from dslnas.editor.names import Symbol
from dslnas.editor.outline import Item, end_of, start_of


@dataclass(frozen=True)
class Word:
    """A word of a text and where it stands: in which statement, and of a block's in which."""

    token: Token
    item: Item
    statement: tuple[Token, ...]

    @property
    def in_head(self) -> bool:
        """Whether it stands before the brace of a block, if there is one."""
        return self.statement == self.item.head


def word_at(document: Document, offset: int) -> Word | None:
    """Return the word at an offset, None if there is none."""
    for item in document.items:
        for statement in (item.head, *item.statements):
            for token in statement:
                if start_of(token) <= offset <= end_of(token) and re.match(r"[\w\"]", token):
                    return Word(token, item, statement)
    return None


def symbol_of(document: Document, word: Word) -> Symbol | None:
    """Return what a word of an expression or a definition names."""
    text = str(word.token)
    is_section = word.item.head[0].type == "SECTION"
    if is_section and word.in_head:
        return None
    model = document.section(word.item) if is_section else None
    if model is not None and str(word.statement[0]) in model.settings():
        symbol = document.known.get(text)
        return symbol if symbol is not None and symbol.kind in ("constant", "cell") else None
    return document.names_in(word.item).get(text) or document.known.get(text)


def used_name(item: Item) -> str:
    """Return the file that a `use` statement names, without quotes."""
    return "".join(map(str, item.head[1:])).strip('"')
