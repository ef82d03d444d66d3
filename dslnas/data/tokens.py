"""Tokens of a text, and the vocabulary that numbers them. Imports neither torch nor NumPy.

A word is what stands between white space, and `<eos>` is the end of a line, as in the files of the
Penn Treebank. At the level of characters the end of a line is a character like any other. What is
not in the vocabulary is `<unk>`, at both levels.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dslnas.data.facts import Facts
from dslnas.settings.texts import TokenLevel

UNKNOWN, END_OF_LINE = "<unk>", "<eos>"

VOCABULARY = "vocabulary.json"
"""File of the tokens beside an exported network, by their numbers."""

PIECE = 2**14
"""Characters that are divided into tokens at once: few, so that they stay in the cache."""

_SPACE = re.compile(r"\s")


@dataclass(frozen=True)
class PartFacts:
    """Size of the text of a part.

    Attributes:
        tokens: Number of tokens.
        characters: Number of characters, white space as well; the loss in bits is shared among
            them.
        unknown: Number of tokens that are not in the vocabulary; `<unk>` in the text itself is.
    """

    tokens: int
    characters: int
    unknown: int


@dataclass(frozen=True, kw_only=True)
class TextFacts(Facts):
    """How a text became numbers, and how much of it there is.

    Attributes:
        vocabulary: The tokens, by their numbers.
        level: Whether a token is a word or a character.
        parts: Sizes by name of the part: weights, architecture, validation and test; none of a
            text that is known from a run.
    """

    vocabulary: tuple[str, ...]
    level: TokenLevel
    parts: Mapping[str, PartFacts] = field(default_factory=dict)

    @property
    def programs(self) -> tuple[str, ...]:
        """The program that writes text."""
        return ("sample.py",)

    def check_outputs(self, outputs: int) -> None:
        """Raise ValueError unless a network has an output for every token."""
        if len(self.vocabulary) != outputs:
            raise ValueError(f"{len(self.vocabulary)} tokens for {outputs} logits")

    def files(self) -> dict[str, bytes]:
        """Return the file of the vocabulary."""
        content = {"level": self.level, "tokens": self.vocabulary}
        return {VOCABULARY: json.dumps(content, ensure_ascii=False, indent=0).encode() + b"\n"}

    def entries(self) -> dict[str, object]:
        """Return the level; the vocabulary has a file of its own."""
        return {"level": self.level}

    def metadata(self) -> dict[str, str]:
        """Return the level."""
        return {"level": self.level}

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The numbers of the tokens."""
        return {token: number for number, token in enumerate(self.vocabulary)}


def tokens(text: str, level: TokenLevel) -> Iterator[Sequence[str]]:
    """Yield the tokens of a text, many at a time."""
    start = 0
    while start < len(text):
        end = cut(text, start + PIECE, level)
        piece = text[start:end]
        yield piece if level == "char" else piece.replace("\n", f" {END_OF_LINE} ").split()
        start = end


def cut(text: str, place: int, level: TokenLevel) -> int:
    """Return a place in a text, moved back behind the next white space if it is amid a word."""
    if level == "char" or place <= 0 or place >= len(text):
        return min(max(0, place), len(text))
    space = _SPACE.search(text, place - 1)
    return space.end() if space else len(text)


def vocabulary(counts: Counter[str], least: int) -> tuple[str, ...]:
    """Return the tokens that occur at least so often and `<unk>`, which stands for the others.

    The most frequent come first, and of equally frequent those with smaller characters.
    """
    known = {t: n for t, n in counts.items() if n >= least and t != UNKNOWN}
    known[UNKNOWN] = counts.total() - sum(known.values())
    return tuple(sorted(known, key=lambda token: (-known[token], token)))
