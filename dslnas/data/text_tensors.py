"""Text as tensors on a device: read, divided in its order, numbered."""

from __future__ import annotations

from itertools import repeat

import numpy as np
import torch
from numpy.typing import NDArray

from dslnas.data.dataset import Data
from dslnas.data.stream import StreamPart
from dslnas.data.text import known_tokens, read, where
from dslnas.data.tokens import UNKNOWN, PartFacts, TextFacts, tokens
from dslnas.diagnostics import user_error
from dslnas.settings.data import TextSettings

PARTS = ("weights", "architecture", "validation", "test")
MISSING = -1


def load(settings: TextSettings, device: torch.device | str, *, searching: bool = True) -> Data:
    """Read a text and put it on a device, divided and numbered.

    The parts follow each other in the text. The vocabulary is that of the weights and architecture
    parts; what only the others have is unknown to the network.

    Args:
        settings: Where the text is and how to divide it.
        device: Where all parts are put, once.
        searching: Whether the training parts must do for the steps of a search.

    Raises:
        UserError: NAS601 to NAS603, NAS605, NAS610 from reading; NAS611 the text is too short.
    """
    texts = dict(zip(PARTS, read(settings), strict=True))
    vocabulary = known_tokens((texts["weights"], texts["architecture"]), settings)
    facts: dict[str, PartFacts] = {}
    facts_of = TextFacts(vocabulary=vocabulary, level=settings.token_level, parts=facts)
    parts: dict[str, StreamPart] = {}
    for name, text in texts.items():
        numbers = _numbers(text, facts_of)
        missing = numbers == MISSING
        _check_length(name, len(numbers), settings, searching=searching)
        facts[name] = PartFacts(len(numbers), len(text), int(missing.sum()))
        numbers[missing] = facts_of.numbers[UNKNOWN]
        parts[name] = StreamPart(torch.from_numpy(numbers).to(device), settings.steps)
    return Data(**parts, facts=facts_of)


def _numbers(text: str, facts: TextFacts) -> NDArray[np.int64]:
    """Return the numbers of the tokens (N,), `MISSING` where one is not in the vocabulary."""
    known = facts.numbers
    pieces = [
        np.fromiter(map(known.get, piece, repeat(MISSING)), np.int64, len(piece))
        for piece in tokens(text, facts.level)
    ]
    return np.concatenate([np.empty(0, np.int64), *pieces])


def _check_length(part: str, count: int, settings: TextSettings, *, searching: bool) -> None:
    """Raise NAS611 if a part is too short for a step of the search, or to be measured."""
    trains = searching and part in PARTS[:2]
    needed = settings.batch * (settings.steps + 1) if trains else 2
    if count >= needed:
        return
    reads = f"a step reads {settings.batch} x {settings.steps + 1}"
    raise user_error(
        "NAS611",
        f"{part} part has {count} tokens but {reads if trains else 'needs 2'}",
        help="give a longer text or a larger share"
        + (", or lower `batch` or `steps`" if trains else ""),
        where=where(settings),
    )
