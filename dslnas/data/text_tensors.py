"""Text as tensors on a device: read, divided in its order, numbered."""

from __future__ import annotations

from itertools import repeat

import numpy as np
import torch
from numpy.typing import NDArray

from dslnas.data.dataset import Data
from dslnas.data.stream import StreamPart
from dslnas.data.text import PARTS, check_lengths, known_tokens, read, where
from dslnas.data.tokens import UNKNOWN, PartFacts, TextFacts, tokens
from dslnas.diagnostics import user_error
from dslnas.settings.data import TextSettings

MISSING = -1


def load(
    settings: TextSettings,
    device: torch.device | str,
    *,
    classes: int | None = None,
    searching: bool = True,
) -> Data:
    """Read a text and put it on a device, divided and numbered.

    The parts follow each other in the text. The vocabulary is that of the weights and architecture
    parts; what only the others have is unknown to the network.

    Raises:
        UserError: NAS601 to NAS603, NAS605, NAS610 from reading; NAS611 the text is too short;
            NAS405 the vocabulary has another size than `classes`, for which the network is made.
    """
    texts = dict(zip(PARTS, read(settings), strict=True))
    vocabulary = known_tokens((texts["weights"], texts["architecture"]), settings)
    if classes not in (None, len(vocabulary)):
        raise user_error(
            "NAS405",
            f"the network is made for {classes} different tokens but the text has "
            f"{len(vocabulary)}",
            help="give the text that it is made for: `--set data.path=FILE`",
            where=where(settings),
        )
    facts: dict[str, PartFacts] = {}
    facts_of = TextFacts(vocabulary=vocabulary, level=settings.token_level, parts=facts)
    parts: dict[str, StreamPart] = {}
    for name, text in texts.items():
        numbers = _numbers(text, facts_of)
        missing = numbers == MISSING
        facts[name] = PartFacts(len(numbers), len(text), int(missing.sum()))
        numbers[missing] = facts_of.numbers[UNKNOWN]
        parts[name] = StreamPart(torch.from_numpy(numbers).to(device), settings.steps)
    counts = {name: part.tokens for name, part in facts.items()}
    check_lengths(counts, settings, searching=searching)
    weights, architecture, validation, test = parts.values()
    return Data(weights, architecture, validation, test, facts_of)


def _numbers(text: str, facts: TextFacts) -> NDArray[np.int64]:
    """Return the numbers of the tokens (N,), `MISSING` where one is not in the vocabulary."""
    known = facts.numbers
    pieces = [
        np.fromiter(map(known.get, piece, repeat(MISSING)), np.int64, len(piece))
        for piece in tokens(text, facts.level)
    ]
    return np.concatenate([np.empty(0, np.int64), *pieces])
