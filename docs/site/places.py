"""Where files of the repository stand in the site: the scheme of its addresses."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]

_ALONE = {
    "README.md": "overview.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks.md",
    "specs": "specs/index.md",
    "dslnas/library": "reference/library.md",
}
"""Pages whose place does not follow from their path."""


def written_pages() -> dict[str, str]:
    """Return the place in the site of every page that is written by hand, by path."""
    alone = {path: place for path, place in _ALONE.items() if path.endswith(".md")}
    return {f"docs/{path.name}": path.name for path in sorted((ROOT / "docs").glob("*.md"))} | alone


def place_of(path: str) -> str:
    """Return the place in the site of a file or a folder, with the heading on it; "" if none."""
    known = {**_ALONE, **written_pages()}
    if path in known:
        return known[path]
    if path.startswith("specs/") and path.endswith(".nas"):
        return f"specs/{PurePosixPath(path).stem}.md"
    if path.startswith("dslnas/library/") and path.endswith(".nas"):
        name = PurePosixPath(path).relative_to("dslnas/library").with_suffix("")
        return f"reference/library.md#{slug('.'.join(name.parts))}"
    return ""


def slug(heading: str) -> str:
    """Return the anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def link(place: str, of: str) -> str:
    """Return a link to a place from the page at another."""
    path, hash_, anchor = place.partition("#")
    relative = os.path.relpath(path, PurePosixPath(of).parent)
    return f"{PurePosixPath(relative)}{hash_}{anchor}"
