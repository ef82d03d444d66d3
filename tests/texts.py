"""Texts to numbers and back, the plain way."""

from __future__ import annotations

from collections.abc import Iterable

from dslnas.data.long_text import Passage
from dslnas.data.text import passages
from dslnas.data.tokens import END_OF_LINE, UNKNOWN, TextFacts, tokens
from dslnas.settings.texts import TextSettings


def characters(passage: Passage) -> str:
    """Return the characters of a passage."""
    return "".join(passage.text.pieces(passage.start, passage.end))


def read(settings: TextSettings) -> list[str]:
    """Return the texts for weights, architecture, validation and test."""
    return [characters(passage) for passage in passages(settings).values()]


def encode(text: str, facts: TextFacts) -> list[int]:
    """Return the numbers of the tokens of a text; unknown ones become that of `<unk>`."""
    numbers = facts.numbers
    unknown = numbers[UNKNOWN]
    return [numbers.get(t, unknown) for piece in tokens(text, facts.level) for t in piece]


def decode(numbers: Iterable[int], facts: TextFacts) -> str:
    """Return the text of tokens: words with one space between, and ends of lines.

    Encoding it gives the same numbers; at the level of characters, if none is that of `<unk>`.
    """
    found = [facts.vocabulary[number] for number in numbers]
    if facts.level == "char":
        return "".join(found)
    parts: list[str] = []
    for word in found:
        if word == END_OF_LINE:
            parts.append("\n")
        elif parts and parts[-1] != "\n":
            parts += (" ", word)
        else:
            parts.append(word)
    return "".join(parts)
