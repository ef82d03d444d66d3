"""The files of the library for people."""

from __future__ import annotations

import re
from itertools import takewhile

from dslnas.cli.render.tables import aligned
from dslnas.language.link.sources import library_names, library_source


def library_text() -> str:
    """Return the names of all files of the library, each with what it says it is."""
    rows = [(name, _about(library_source(name).text)) for name in library_names()]
    return "\n".join(aligned(rows, left=rows[0]))


def _about(text: str) -> str:
    """Return the first sentence of the comment that a file begins with, without references."""
    lines = takewhile(lambda line: line.startswith("# "), text.splitlines())
    whole = re.sub(r" \([^)]*\)", "", " ".join(line.removeprefix("# ") for line in lines))
    return whole.partition(". ")[0].rstrip(".")
