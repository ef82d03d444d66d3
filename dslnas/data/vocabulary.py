"""The file of a vocabulary: what a network of text needs to be used, beside its weights."""

from __future__ import annotations

from pathlib import Path

from dslnas.data.tokens import VOCABULARY, TextFacts
from dslnas.diagnostics import user_error
from dslnas.json_model import JsonModel, read_model
from dslnas.settings.texts import TokenLevel

HELP = "restore it from a copy, or train the architecture again by `dslnas train`"


class _Vocabulary(JsonModel):
    """Tokens by their numbers, and whether they are words or characters."""

    level: TokenLevel
    tokens: tuple[str, ...]


def read_vocabulary(run: Path, classes: int) -> TextFacts:
    """Return how the text of a run became numbers, whose network has so many outputs.

    Raises:
        UserError: NAS024 if the file is missing or of another network, NAS027 if it is damaged.
    """
    path = run / VOCABULARY
    try:
        known = read_model(_Vocabulary, path)
    except OSError:
        raise user_error("NAS024", "does not exist", where=str(path), help=HELP) from None
    if len(known.tokens) != classes:
        reason = f"has {len(known.tokens)} tokens, the network {classes}"
        raise user_error("NAS024", reason, where=str(path), help=HELP)
    return TextFacts(vocabulary=known.tokens, level=known.level)
