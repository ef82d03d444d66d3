"""The files of the library for people."""

from __future__ import annotations

from dslnas.cli.render.tables import aligned
from dslnas.language.link.sources import library_about, library_names


def library_text() -> str:
    """Return the names of all files of the library, each with what it says it is."""
    rows = [(name, library_about(name)) for name in library_names()]
    return "\n".join(aligned(rows, left=rows[0]))
