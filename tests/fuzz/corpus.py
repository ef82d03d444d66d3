"""The corpus: every input that ever failed, one file each, in a folder by its target."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
OF_A_KIND = 2
"""Inputs that are kept of one kind of failure."""

_TRIES = 300


def kept(target: str) -> Iterator[Path]:
    """Yield the inputs of a target that ever failed."""
    folder = CORPUS / target
    yield from sorted(folder.iterdir()) if folder.is_dir() else ()


def keep(target: str, kind: str, content: bytes) -> Path | None:
    """Write an input that failed, unless there are enough of its kind; return where."""
    start = "-".join(re.findall(r"[a-z0-9]+", kind.lower()))[:60]
    folder = CORPUS / target
    if len([path for path in kept(target) if path.name.startswith(f"{start}.")]) >= OF_A_KIND:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{start}.{sha256(content).hexdigest()[:8]}"
    path.write_bytes(content)
    return path


def shortened(content: bytes, fails: Callable[[bytes], bool], tries: int = _TRIES) -> bytes:
    """Return an input without parts that it fails without, looked for so often at most."""
    size = len(content) // 2
    while size:
        start = 0
        while start < len(content):
            if not tries:
                return content
            tries -= 1
            shorter = content[:start] + content[start + size :]
            if fails(shorter):
                content = shorter
            else:
                start += size
        size //= 2
    return content
