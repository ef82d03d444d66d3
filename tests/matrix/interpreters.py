"""Pythons of this machine: on the PATH, of pyenv and of uv."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import which

VERSIONS = ("3.14", "3.13", "3.12", "3.11")
PLACES = (".pyenv/versions/{}.*/bin/python", ".local/share/uv/python/cpython-{}.*/bin/python")
"""Where others than those on the PATH lie, from the home."""
LOOKED = "on the PATH, in ~/.pyenv and in uv's folder"

_ASK = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"


def interpreter(version: str, as_user: Sequence[str] = ()) -> str | None:
    """Return a Python of a version that can make virtual environments, or None.

    Args:
        version: Such as `3.12`; empty for the newest.
        as_user: Words before a command that run it as somebody else, who has to reach it, too.
    """
    for wanted in (version,) if version else VERSIONS:
        for candidate in _candidates(wanted):
            asked = [*as_user, candidate, "-c", _ASK]
            told = subprocess.run(asked, capture_output=True, text=True, check=False, cwd="/")
            if told.returncode == 0 and told.stdout.strip() == wanted:
                return candidate
    return None


def _candidates(version: str) -> Iterator[str]:
    if found := which(f"python{version}"):
        yield found
    for place in PLACES:
        yield from sorted(map(str, Path.home().glob(place.format(version))), reverse=True)
    if found := which(f"python{version}", path="/usr/local/bin:/usr/bin"):
        yield found
