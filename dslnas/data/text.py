"""Plain text: reading it, dividing it in its order, and its vocabulary. Needs no other package."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path

from dslnas.data.examples import DataShape
from dslnas.data.files import (
    damaged,
    missing,
    path_of,
    read_text,
    required_folder,
    required_path,
)
from dslnas.data.tokens import UNKNOWN, cut, tokens, vocabulary
from dslnas.diagnostics import user_error
from dslnas.settings.data import TextSettings, TokenLevel

EMBEDDED = Path(__file__).parent / "texts" / "pride_and_prejudice.txt"

MOST_BYTES = 2**30
"""Largest file; as numbers its text takes up to eight times that."""

LOOK = 4096
"""Bytes of a file that are looked at for whether it is text."""

MOST_KINDS = 2**22
"""Most different tokens: far more than a network can have outputs."""

PARTS = ("weights", "architecture", "validation", "test")
FILES = ("train", "valid", "test")
PTB = DataShape((), classes=10_000, has_test=True)
HOLDS = "train.txt, valid.txt and test.txt, or ptb.train.txt, ptb.valid.txt and ptb.test.txt"


def describe(settings: TextSettings) -> DataShape | None:
    """Return the shape of the text, or None if only a path that is not given would tell.

    A token has no shape; its classes are the vocabulary. Raises what `read` and `known_tokens` do;
    of the Penn Treebank only the training file is read.
    """
    is_ptb = settings.source == "ptb"
    if is_ptb and not settings.path:
        is_whole = settings.least == 1 and settings.subset == 1
        return PTB if is_whole and settings.token_level == "word" else None
    texts = read(settings, training_only=is_ptb)
    # a set is faster than counting
    kinds: Counter[str] | set[str] = Counter() if settings.least > 1 else set()
    counts = [_collect(text, settings, kinds) for text in texts[:2]]
    counts += [_collect(text, settings, set()) for text in texts[2:]]
    known = kinds if isinstance(kinds, set) else set(vocabulary(kinds, settings.least))
    _check_kinds(len(kinds), len(known.intersection(kinds)), settings)
    return DataShape((), len(known | {UNKNOWN}), is_ptb, dict(zip(PARTS, counts, strict=False)))


def read(settings: TextSettings, *, training_only: bool = False) -> list[str]:
    """Return the texts for weights, architecture, validation and test, or the first two.

    Raises:
        UserError: NAS601 to NAS603, NAS605 files are missing or cannot be read; NAS610 no UTF-8.
    """
    level = settings.token_level
    first, *others = _files(settings)
    parts = divide(read_text(first, MOST_BYTES), settings.split, level)
    parts = (
        parts[:2] if training_only else [*parts, *(read_text(path, MOST_BYTES) for path in others)]
    )
    return [divide(part, (settings.subset,), level)[0] for part in parts]


def recognises(path: Path) -> bool:
    """Whether a file is text: named so, or no table and without the zeros of other files."""
    suffix = path.suffix.lower()
    if not path.is_file() or suffix in (".csv", ".tsv"):
        return False
    if suffix == ".txt":
        return True
    with path.open("rb") as stream:
        return b"\0" not in stream.read(LOOK)


def recognises_parts(path: Path) -> bool:
    """Whether the three files of the Penn Treebank lie in a folder."""
    return any((path / f"{start}{FILES[0]}.txt").is_file() for start in ("", "ptb."))


def known_tokens(training: Sequence[str], settings: TextSettings) -> tuple[str, ...]:
    """Return the vocabulary of the texts that train, see `tokens.vocabulary`.

    Raises NAS603 for too many different tokens, NAS611 for fewer than two.
    """
    counts: Counter[str] = Counter()
    for text in training:
        _collect(text, settings, counts)
    known = vocabulary(counts, settings.least)
    _check_kinds(len(counts), len(counts.keys() & set(known)), settings)
    return known


def divide(text: str, shares: Sequence[float], level: TokenLevel) -> list[str]:
    """Return the pieces of a text with some shares of its characters, one after the other.

    A word goes to the piece in which it starts; what the shares leave over is in none.
    """
    ends = [cut(text, round(share * len(text)), level) for share in accumulate(shares)]
    return [text[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def where(settings: TextSettings) -> str:
    """Return the name of the text in messages."""
    return settings.path or "embedded text"


def check_lengths(counts: Mapping[str, int], settings: TextSettings, *, searching: bool) -> None:
    """Raise NAS611 unless all parts have the tokens to be measured, or for a step of the search."""
    for part, count in counts.items():
        trains = part in PARTS[:2]
        if trains and not searching:
            continue  # the two are joined, see `check_columns`
        needed = settings.batch * (settings.steps + 1) if trains else 2
        if count < needed:
            reads = f"a step reads {settings.batch} x {settings.steps + 1}"
            raise user_error(
                "NAS611",
                f"{part} part has {count} tokens but {reads if trains else 'needs 2'}",
                help="give a longer text or a larger share"
                + (", or lower `batch` or `steps`" if trains else ""),
                where=where(settings),
            )


def check_columns(tokens: int, columns: int) -> None:
    """Raise NAS611 unless a training from scratch has two tokens for every column of a batch."""
    if tokens < 2 * columns:
        raise user_error(
            "NAS611",
            f"training parts have {tokens} tokens but a step reads {columns} x 2 or more",
            where="evaluate.batch",
            help="lower `batch`, or give a longer text",
        )


def _collect(text: str, settings: TextSettings, found: Counter[str] | set[str]) -> int:
    """Add the tokens of a text to `found` and count them; NAS603 if too many are different."""
    count = 0
    for piece in tokens(text, settings.token_level):
        found.update(piece)
        count += len(piece)
        if len(found) > MOST_KINDS:
            raise damaged(
                Path(where(settings)),
                f"more than {MOST_KINDS} different tokens",
                "give a text that has fewer, or read it with `level char`",
            )
    return count


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


def _files(settings: TextSettings) -> list[Path]:
    """Return the file, or the three of the Penn Treebank."""
    if settings.source == "ptb":
        folder = required_folder(path_of(settings), HOLDS)
        return [_one_of(folder, f"{name}.txt", f"ptb.{name}.txt") for name in FILES]
    path = required_path(path_of(settings)) if settings.path else EMBEDDED
    if not path.is_file():
        raise user_error(
            "NAS602",
            "not a file",
            help="give a text file; the folder of the Penn Treebank is read by `data ptb`",
            where=str(path),
        )
    return [path]


def _one_of(folder: Path, *names: str) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise missing(folder, names[0], HOLDS)
