"""Text as numbers, in memory or in a file: divided in its order, its tokens numbered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate, chain, pairwise, repeat

import numpy as np
import torch

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
from dslnas.settings.data import TextSettings

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
        numbers = chain.from_iterable(_numbers(part, facts, progress))
        try:
            held = np.fromiter(numbers, np.int64, facts.parts[name].tokens)
        except ValueError:
            raise changed(part.text.path) from None
        found.append(torch.from_numpy(held).to(device))
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


def _numbers(part: Passage, facts: TextFacts, progress: Progress) -> Iterator[Iterator[int]]:
    """Yield the numbers of the tokens, many at a time."""
    known, unknown = facts.numbers, facts.numbers[UNKNOWN]
    return (map(known.get, piece, repeat(unknown)) for piece in part.tokens(facts.level, progress))
