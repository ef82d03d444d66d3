"""Plain text: its files, and their parts in the order of the text. Needs no other package."""

from __future__ import annotations

from collections.abc import Mapping
from os.path import isfile
from pathlib import Path

from dslnas.data.files import damaged, missing, path_of, reading, required_folder, required_path
from dslnas.data.long_text import LongText, Passage
from dslnas.diagnostics import user_error
from dslnas.regular import regular
from dslnas.settings.texts import TextSettings

EMBEDDED = Path(__file__).parent / "texts" / "pride_and_prejudice.txt"

MOST_BYTES = 2**30
"""Largest file that is held in memory; as numbers its text takes up to eight times that."""

LOOK = 4096
"""Bytes of a file that are looked at for whether it is text."""

PARTS = ("weights", "architecture", "validation", "test")
FILES = ("train", "valid", "test")
HOLDS = "train.txt, valid.txt and test.txt, or ptb.train.txt, ptb.valid.txt and ptb.test.txt"


def passages(settings: TextSettings) -> dict[str, Passage]:
    """Return the texts for weights, architecture, validation and test, by these names.

    Raises:
        UserError: NAS601 to NAS603, NAS605 files are missing or cannot be read; NAS610 no UTF-8.
    """
    level = settings.token_level
    first, *others = (Passage(text, 0, len(text)) for text in map(LongText, paths(settings)))
    parts = [*first.divided(settings.split, level), *others]
    used = (part.divided((settings.subset,), level)[0] for part in parts)
    return dict(zip(PARTS, used, strict=True))


def paths(settings: TextSettings) -> list[Path]:
    """Return the file, or the three of the Penn Treebank.

    Raises:
        UserError: NAS601, NAS602, NAS605 if something is missing; NAS603 if they are too large to
            be held, which the settings ask for.
    """
    if settings.source == "ptb":
        folder = required_folder(path_of(settings), HOLDS)
        found = [_one_of(folder, f"{name}.txt", f"ptb.{name}.txt") for name in FILES]
        return [_held(path, settings) for path in found]
    path = required_path(path_of(settings)) if settings.path else EMBEDDED
    if not isfile(path):
        raise user_error(
            "NAS602",
            "not a file",
            help="give a text file; the folder of the Penn Treebank is read by `data ptb`",
            where=str(path),
        )
    return [_held(path, settings)]


def _held(path: Path, settings: TextSettings) -> Path:
    """Return a path; raise NAS603 if the file is too large to be held, which the settings say."""
    with reading(path, "file"):
        size = path.stat().st_size
    if settings.stream == "never" and size > MOST_BYTES:
        message = f"{size} bytes of text but at most {MOST_BYTES} are held in memory"
        raise damaged(path, message, "use a part of it, or leave `stream never` out")
    return path


def recognises(path: Path) -> bool:
    """Whether a file is text: named so, or no table and without the zeros of other files."""
    suffix = path.suffix.lower()
    if not isfile(path) or suffix in (".csv", ".tsv"):
        return False
    if suffix == ".txt":
        return True
    with regular(path).open("rb") as stream:
        return b"\0" not in stream.read(LOOK)


def recognises_parts(path: Path) -> bool:
    """Whether the three files of the Penn Treebank lie in a folder."""
    return any(isfile(path / f"{start}{FILES[0]}.txt") for start in ("", "ptb."))


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


def _one_of(folder: Path, *names: str) -> Path:
    for name in names:
        if isfile(folder / name):
            return folder / name
    raise missing(folder, names[0], HOLDS)
