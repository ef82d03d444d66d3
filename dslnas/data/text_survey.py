"""The vocabulary of a text and the sizes of its parts, counted once, and kept of large texts."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from dslnas.data.examples import DataShape
from dslnas.data.files import damaged
from dslnas.data.long_text import Passage
from dslnas.data.progress import Progress
from dslnas.data.text import passages, paths, where
from dslnas.data.tokens import PartFacts, TextFacts, vocabulary
from dslnas.diagnostics import UserError, user_error
from dslnas.files import make_folder, user_cache, write_whole
from dslnas.json_model import JsonModel, read_model
from dslnas.settings.texts import TextSettings, TokenLevel

MOST_KINDS = 2**22
"""Most different tokens: far more than a network can have outputs."""

LARGE = 2**24
"""Bytes of a text from which on it takes seconds to count it again."""

PTB = DataShape((), classes=10_000, has_test=True)


class _Kept(JsonModel):
    """Facts about a text, as they are kept."""

    level: TokenLevel
    vocabulary: tuple[str, ...]
    parts: dict[str, PartFacts]


def survey(settings: TextSettings) -> TextFacts:
    """Return the facts about a text, or those that were found before, if it has not changed.

    The vocabulary is that of the parts for weights and architecture; what only the others have is
    unknown to the network.

    Raises:
        UserError: NAS601 to NAS603, NAS605, NAS610 from reading; NAS603 for too many different
            tokens, NAS611 for fewer than two.
    """
    if sum(path.stat().st_size for path in paths(settings)) < LARGE:
        return _counted(settings)
    kept = kept_at(settings, "json")
    with suppress(OSError, UserError):
        found = read_model(_Kept, kept)
        return TextFacts(vocabulary=found.vocabulary, level=found.level, parts=found.parts)
    facts = _counted(settings)
    with suppress(UserError):  # a cache that cannot be written: it is counted again
        make_folder(kept.parent)
        told = _Kept(level=facts.level, vocabulary=facts.vocabulary, parts=dict(facts.parts))
        write_whole(kept, told.model_dump_json())
    return facts


def kept_at(settings: TextSettings, ending: str) -> Path:
    """Return the path in the user's cache of something that follows from a text."""
    said = settings.level, settings.least, settings.split, settings.subset
    key = sha256(f"{settings.token_level} {said}".encode())
    for path in paths(settings):
        status = path.stat()
        told = f"{path.absolute()}\0{status.st_size} {status.st_mtime_ns}\0"
        key.update(told.encode("utf-8", "surrogateescape"))
    return user_cache() / "texts" / f"{key.hexdigest()[:32]}.{ending}"


def describe(settings: TextSettings) -> DataShape | None:
    """Return the shape of the text, or None if only a path that is not given would tell.

    A token has no shape; its classes are the vocabulary. Raises what `survey` does.
    """
    is_ptb = settings.source == "ptb"
    if is_ptb and not settings.path:
        is_whole = settings.least == 1 and settings.subset == 1
        return PTB if is_whole and settings.token_level == "word" else None
    facts = survey(settings)
    counts = {name: part.tokens for name, part in facts.parts.items()}
    return DataShape((), len(facts.vocabulary), is_ptb, counts)


def _counted(settings: TextSettings) -> TextFacts:
    parts = passages(settings)
    progress = Progress(sum(map(len, parts.values())), "characters counted")
    kinds = {name: _kinds(part, settings, progress) for name, part in parts.items()}
    training = kinds["weights"] + kinds["architecture"]
    tokens = vocabulary(training, settings.least)
    known = set(tokens)
    _check_kinds(len(training), len(known & training.keys()), settings)
    facts = {
        name: PartFacts(
            tokens=found.total(),
            characters=len(parts[name]),
            unknown=sum(count for token, count in found.items() if token not in known),
        )
        for name, found in kinds.items()
    }
    return TextFacts(vocabulary=tokens, level=settings.token_level, parts=facts)


def _kinds(part: Passage, settings: TextSettings, progress: Progress) -> Counter[str]:
    """Return how often each token occurs; raise NAS603 if too many are different."""
    found = Counter[str]()
    for piece in part.tokens(settings.token_level, progress):
        found.update(piece)
        if len(found) > MOST_KINDS:
            raise damaged(
                Path(where(settings)),
                f"more than {MOST_KINDS} different tokens",
                "give a text that has fewer, or read it with `level char`",
            )
    return found


def _check_kinds(kinds: int, known: int, settings: TextSettings) -> None:
    """Raise NAS611 unless at least two of the different tokens are known."""
    if known >= 2:
        return
    few = "hardly any" if kinds > 1 else "just one" if kinds else "no"
    often = f" {settings.least} times or more often" if kinds > 1 else ""
    raise user_error(
        "NAS611",
        f"the training parts have {few} token{often}, so there is nothing to predict",
        help="lower `least`" if often else "give a longer text",
        where=where(settings),
    )
