"""Which source reads what lies at a path: every source that has files says what it looks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from dslnas.absence import absence
from dslnas.data import cifar10, idx, images, npz, ratings, signals, table, text
from dslnas.data.files import is_there, reading
from dslnas.diagnostics import UserError, user_error
from dslnas.regular import regular
from dslnas.settings.data import DATA
from dslnas.spelling import did_you_mean

RECOGNISES: Sequence[tuple[str, Callable[[Path], bool]]] = (
    ("cifar10", cifar10.recognises),
    ("idx", idx.recognises),
    ("npz", npz.recognises),
    ("ratings", ratings.is_usual),
    ("ptb", text.recognises_parts),
    ("images", images.recognises),
    ("text", text.recognises),
    ("table", table.recognises),
    ("signals", signals.recognises),
    ("ratings", ratings.recognises),
)
"""Sources, and whether something at a path looks like their files; the likeliest come first."""


def source_at(path: Path, own: str = "") -> str:
    """Return the source that reads what lies at a path; where several do, `own` if it is one.

    Raises:
        UserError: As by `sources_of`.
    """
    found = sources_of(path)
    return own if own in found else found[0]


def sources_of(path: Path) -> Sequence[str]:
    """Return the sources that read what lies at a path, the likeliest first, each once.

    Raises:
        UserError: NAS601 or NAS603 if nothing is there or it cannot be read, NAS612 if it is
            nothing that a source knows.
    """
    with reading(path, "data"):
        if not is_there(path):
            raise _missing(path)
        regular(path)
        found = [source for source, recognises in RECOGNISES if recognises(path)]
    if not found:
        raise _unknown(path)
    return tuple(dict.fromkeys(found))


def _missing(path: Path) -> UserError:
    absent = absence(path, "path")
    near = absent.help or did_you_mean(path.name, DATA)
    alone = ", ".join(f"`{name}`" for name, model in DATA.items() if not model().lacks_path)
    help = near or f"give a file or a folder, or one of {alone}, which need none"
    return user_error("NAS601", absent.message, help=help, where=str(path))


def _unknown(path: Path) -> UserError:
    sources = ", ".join(f"`{name}`" for name, model in DATA.items() if model.has_files)
    return user_error(
        "NAS612",
        "no source of data is known by what lies here",
        help=f"name it in a spec, as in `data images {{ path ... }}`; there are {sources}",
        where=str(path),
    )
