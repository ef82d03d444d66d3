"""Programs that are delivered beside a model: files of dslnas that need no dslnas there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import dslnas.data.preprocessing
from dslnas.data.facts import Facts

PREPROCESSING = "preprocessing.py"


def program(name: str) -> bytes:
    """Return a program of this package, which imports what lies beside it."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return text.replace("from dslnas.data.preprocessing ", "from preprocessing ").encode()


def programs(facts: Facts, names: Sequence[str] = ()) -> dict[str, bytes]:
    """Return programs by name, and the preprocessing if a model reads pictures."""
    made = {name: program(name) for name in names}
    if facts.preprocessing is not None:
        made[PREPROCESSING] = Path(dslnas.data.preprocessing.__file__).read_bytes()
    return made
