"""Text in which nothing is hidden: names from data may have letters that garble what is shown."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"
"""They join letters and emoji, or keep them apart, where their writing asks for it."""


def visible(text: str) -> str:
    """Return text with its controls as escapes; other spaces than ours stay as they are.

    Control characters move the cursor of a terminal, and others turn the order of all that follows
    around, in terminals and in browsers.
    """
    return text if text.isprintable() else "".join(map(_visible, text))


def visible_lines(text: str) -> str:
    """Return text as `visible` does, but for its line ends, which stay."""
    return "\n".join(map(visible, text.split("\n")))


def escaped(character: str) -> str:
    r"""Return a character as an escape: `\x1b`, `\u202e`; a byte that is not UTF-8 as `\xff`."""
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # how Python keeps such a byte
        return f"\\x{number - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def _visible(character: str) -> str:
    is_space = unicodedata.category(character) == "Zs"
    is_harmless = character.isprintable() or is_space or character in _JOINERS
    return character if is_harmless else escaped(character)
