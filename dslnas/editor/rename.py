"""Another name for what a text defines, everywhere in the text where it is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from lark import Token

from dslnas.editor.document import Document
from dslnas.editor.lookup import Word, symbol_of, word_at
from dslnas.editor.names import Symbol
from dslnas.editor.outline import Item, end_of, start_of
from dslnas.editor.words import keywords
from dslnas.edits import Edit
from dslnas.language.check.calls import CONDITIONS
from dslnas.language.check.constants import FLAGS, RESERVED
from dslnas.language.syntax.grammar import language_parser
from dslnas.ops.catalogue import LANGUAGE
from dslnas.settings.annotations import words_of
from dslnas.source import Span


class RefusedError(Exception):
    """A name that cannot be changed, or not as it was asked for; the argument says why."""


def renamable(document: Document, offset: int) -> Span:
    """Return where the name at an offset is written, which `rename` can change.

    Raises:
        RefusedError: Nothing there has a name that is given in this text.
    """
    word, _ = _meant(document, offset)
    return _span(document, word.token)


def rename(document: Document, offset: int, name: str) -> tuple[Edit, ...]:
    """Return the edits that give what is named at an offset another name.

    Raises:
        RefusedError: Nothing there can be renamed, or the name cannot be given.
    """
    _, symbol = _meant(document, offset)
    if name == symbol.name:
        return ()
    _check_free(document, symbol, name)
    return tuple(Edit(_span(document, token), name) for token in _mentions(document, symbol))


def _meant(document: Document, offset: int) -> tuple[Word, Symbol]:
    """Return the word at an offset, and what it names."""
    word = word_at(document, offset)
    symbol = None if word is None else symbol_of(document, word)
    if word is None or symbol is None or word.token.type != "NAME":
        raise RefusedError("no name that is defined stands here")
    above = document.of_files.get(symbol.name)
    outside = symbol if symbol.span.source is not document.source else above
    if outside is not None and symbol.owner is None:
        raise RefusedError(f"`{symbol.name}` is defined in {outside.span.source.name}, not here")
    if symbol.span.source is not document.source or symbol.span.text != symbol.name:
        raise RefusedError(f"`{symbol.name}` is a name that nobody wrote here: it comes by itself")
    return word, symbol


def _check_free(document: Document, symbol: Symbol, name: str) -> None:
    pattern = next(t.pattern for t in language_parser().terminals if t.name == "NAME")
    if not re.fullmatch(pattern.to_regexp(), name) or name in keywords():
        raise RefusedError(f"`{name}` is no name: letters, digits and `_`, a letter first")
    taken = {*document.known, *LANGUAGE, *RESERVED, *FLAGS, *CONDITIONS}
    for item in document.items:
        if symbol.owner in (None, item):
            taken |= document.names_in(item).keys()
    if name in taken:
        raise RefusedError(f"`{name}` is taken")


def _mentions(document: Document, symbol: Symbol) -> Iterator[Token]:
    """Yield the tokens that mean something."""
    for item in document.items:
        is_known_by_all = symbol.owner is None
        if item is symbol.owner or (is_known_by_all and symbol.name not in document.names_in(item)):
            yield from _in_item(document, item, symbol)
        elif symbol.kind == "parameter" and symbol.owner is not None:
            yield from _arguments(item, str(symbol.owner.name), symbol.name)


def _in_item(document: Document, item: Item, symbol: Symbol) -> Iterator[Token]:
    if item.word == "use":
        return
    if item.head[0].type != "SECTION":
        own = item.parameters
        for token, before, behind in _around(item.head):
            is_own = any(token is parameter for parameter in own)
            if token == symbol.name and (is_own or _is_use(token, before, behind)):
                yield token
    for statement in item.statements:
        if symbol.owner is None and symbol.name in _plain_words(document, item, statement):
            continue
        for token, before, behind in _around(statement):
            is_key = token is statement[0]
            if token == symbol.name and not is_key and _is_use(token, before, behind):
                yield token


def _is_use(token: Token, before: Token | None, behind: Token | None) -> bool:
    """Whether a word means a value: no argument is given by it, no input, no condition."""
    follows = "" if behind is None else behind.type
    leads = "" if before is None else before.type
    is_argument = follows == "EQUAL" and leads in ("LPAR", "COMMA")
    is_condition = leads in ("WHEN", "AND") and token in CONDITIONS
    return token.type == "NAME" and follows != "COLON" and not is_argument and not is_condition


def _plain_words(document: Document, item: Item, statement: tuple[Token, ...]) -> list[str]:
    """Return the words that a setting takes as they are."""
    model, key = document.section(item), str(statement[0])
    if model is None or key not in model.settings():
        return []
    return words_of(model.settings()[key].annotation)


def _arguments(item: Item, called: str, parameter: str) -> Iterator[Token]:
    """Yield the places where a parameter is given by its name."""
    for statement in (item.head, *item.statements):
        calls: list[str] = []
        for token, before, behind in _around(statement):
            if token.type == "LPAR":
                calls.append("" if before is None else str(before))
            elif token.type == "RPAR" and calls:
                calls.pop()
            is_given = behind is not None and behind.type == "EQUAL"
            if token == parameter and is_given and calls and calls[-1] == called:
                yield token


def _around(tokens: tuple[Token, ...]) -> Iterator[tuple[Token, Token | None, Token | None]]:
    """Yield tokens with the one before and the one behind."""
    padded = [None, *tokens, None]
    for (before, token), (_, behind) in zip(pairwise(padded), pairwise(padded[1:]), strict=False):
        if token is not None:
            yield token, before, behind


def _span(document: Document, token: Token) -> Span:
    return Span(document.source, start_of(token), end_of(token))
