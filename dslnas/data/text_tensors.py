"""Text as numbers, in memory or in a file: divided in its order, its tokens numbered."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise, repeat

import numpy as np
import torch
from numpy.typing import NDArray

from dslnas.data.dataset import Data
from dslnas.data.files import changed
from dslnas.data.long_text import Passage
from dslnas.data.progress import Progress
from dslnas.data.stream import StreamPart
from dslnas.data.streaming import is_streamed
from dslnas.data.text import check_lengths, passages, where
from dslnas.data.text_survey import kept_at, survey
from dslnas.data.token_file import Tokens, write_tokens
from dslnas.data.tokens import UNKNOWN, TextFacts
from dslnas.diagnostics import user_error
from dslnas.settings.texts import TextSettings

NUMBER_BYTES = 8
"""Bytes of the number of a token in memory."""


def load(
    settings: TextSettings,
    device: torch.device | str,
    *,
    classes: int | None = None,
    searching: bool = True,
) -> Data:
    """Read a text and number its tokens, on a device or in a file that is read as it is needed.

    The parts follow each other in the text.

    Raises:
        UserError: NAS601 to NAS603, NAS605, NAS610 from reading; NAS611 the text is too short;
            NAS405 the vocabulary has another size than `classes`, for which the network is made;
            NAS021 the file cannot be written.
    """
    facts = survey(settings)
    if classes not in (None, len(facts.vocabulary)):
        raise user_error(
            "NAS405",
            f"the network is made for {classes} different tokens but the text has "
            f"{len(facts.vocabulary)}",
            help="give the text that it is made for: `--set data.path=FILE`",
            where=where(settings),
        )
    counts = {name: part.tokens for name, part in facts.parts.items()}
    check_lengths(counts, settings, searching=searching)
    count = sum(counts.values())
    if is_streamed(settings.stream, NUMBER_BYTES * count):
        tokens = _in_file(settings, facts, device)
        notes: tuple[str, ...] = (
            f"{count:,} tokens stay in a file, and are read while networks train",
        )
    else:
        tokens, notes = _in_memory(settings, facts, device), ()
    weights, architecture, validation, test = (StreamPart(part, settings.steps) for part in tokens)
    return Data(weights, architecture, validation, test, facts, notes)


def _in_memory(
    settings: TextSettings, facts: TextFacts, device: torch.device | str
) -> list[Tokens]:
    """Return the numbers of the tokens of each part, int64 (N,)."""
    found, progress = list[Tokens](), _progress(facts)
    for name, part in passages(settings).items():
        numbers, place = np.empty(facts.parts[name].tokens, np.int64), 0
        for some in _numbers(part, facts, progress):
            end = min(place + len(some), len(numbers))
            numbers[place:end] = some[: end - place]
            place += len(some)
        if place != len(numbers):
            raise changed(part.text.path)
        found.append(torch.from_numpy(numbers).to(device))
    return found


def _in_file(settings: TextSettings, facts: TextFacts, device: torch.device | str) -> list[Tokens]:
    """Return the numbers of the tokens of each part, which follow each other in a file."""
    progress = _progress(facts)
    pieces = (
        piece for part in passages(settings).values() for piece in _numbers(part, facts, progress)
    )
    sizes = [part.tokens for part in facts.parts.values()]
    found = write_tokens(kept_at(settings, "tokens"), pieces, sum(sizes), len(facts.vocabulary))
    ends = [0, *accumulate(sizes)]
    return [replace(found, start=a, stop=b, device=device) for a, b in pairwise(ends)]


def _progress(facts: TextFacts) -> Progress:
    return Progress(sum(part.characters for part in facts.parts.values()), "characters numbered")


def _numbers(part: Passage, facts: TextFacts, progress: Progress) -> Iterator[NDArray[np.int64]]:
    """Yield the numbers of the tokens, many at a time."""
    numbered = _characters(facts) if facts.level == "char" else _words(facts)
    return map(numbered, part.tokens(facts.level, progress))


def _words(facts: TextFacts) -> Callable[[Sequence[str]], NDArray[np.int64]]:
    """Return what numbers words."""
    known, unknown = facts.numbers, facts.numbers[UNKNOWN]
    return lambda words: np.fromiter(map(known.get, words, repeat(unknown)), np.int64, len(words))


def _characters(facts: TextFacts) -> Callable[[Sequence[str]], NDArray[np.int64]]:
    """Return what numbers characters: by a table of all, thirty times faster than one by one."""
    table = np.full(sys.maxunicode + 1, facts.numbers[UNKNOWN], np.int64)
    for token, number in facts.numbers.items():
        if len(token) == 1:
            table[ord(token)] = number

    def numbered(text: Sequence[str]) -> NDArray[np.int64]:
        assert isinstance(text, str)
        numbers: NDArray[np.int64] = table[np.frombuffer(text.encode("utf-32-le"), "<u4")]
        return numbers

    return numbered
