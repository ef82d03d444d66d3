"""Text in figures: how names are set, and how wide they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dslnas.language.check.values import SIGNS

_PRINTED = {"-": "−", "*": "×"}

SIGN_OF = {primitive: _PRINTED.get(sign, sign) for sign, primitive in SIGNS.items()}
"""Primitives that papers write as a sign."""

SUBSCRIPT = 0.75
"""Size of a subscript, as a part of the letters before it."""

_INDEXED = re.compile(r"([A-Za-z]+?)_?(\d+)")

# Widths of Helvetica from space to tilde, in hundredths of its size; Arial and Liberation Sans
# have the same, and a text in another font is fitted to them.
_WIDTHS = (
    28, 28, 35, 56, 56, 89, 67, 19, 33, 33, 39, 58, 28, 33, 28, 28, 56, 56, 56, 56, 56, 56, 56, 56,
    56, 56, 28, 28, 58, 58, 58, 56, 102, 67, 67, 72, 72, 67, 61, 78, 72, 28, 50, 67, 56, 83, 72,
    78, 67, 78, 72, 67, 61, 72, 67, 94, 67, 67, 61, 28, 28, 28, 47, 56, 33, 56, 56, 50, 56, 56, 28,
    56, 56, 22, 22, 50, 22, 83, 56, 56, 56, 56, 33, 50, 28, 56, 50, 72, 50, 50, 50, 33, 26, 33, 58,
)  # fmt: skip
_OTHER, _WIDE = 60, 100


class Word(NamedTuple):
    """Text of one style."""

    text: str
    is_subscript: bool = False
    is_symbol: bool = False


def symbol(letter: str, index: str = "") -> tuple[Word, ...]:
    """Return a letter of mathematics, with its index below."""
    below = (Word(index, is_subscript=True),) if index else ()
    return (Word(letter, is_symbol=True), *below)


def name_words(name: str) -> tuple[Word, ...]:
    """Return a name as a paper sets it: `n3` as a letter with an index, others as they are."""
    found = _INDEXED.fullmatch(name)
    if found is not None and len(found[1]) <= 2:
        return symbol(found[1], found[2])
    return symbol(name) if len(name) == 1 else (Word(name),)


def text_width(text: str, size: float) -> float:
    """Return the pixels that a text is wide in letters of a size."""
    return sum(map(_width, text)) * size / 100


def words_width(words: Iterable[Word], size: float) -> float:
    """Return the pixels that words are wide, one behind the other."""
    return sum(text_width(w.text, size * (SUBSCRIPT if w.is_subscript else 1)) for w in words)


def wrapped(text: str, size: float, width: float) -> Iterator[str]:
    """Yield a text in lines of some pixels, broken at spaces."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}".lstrip()
        if line and text_width(longer, size) > width:
            yield line
            line = word
        else:
            line = longer
    yield line


def _width(letter: str) -> int:
    code = ord(letter) - 32
    if 0 <= code < len(_WIDTHS):
        return _WIDTHS[code]
    return _WIDE if unicodedata.east_asian_width(letter) in "WF" else _OTHER
