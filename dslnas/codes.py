"""The table of error codes, from `codes.toml`: only import it to explain one."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Code:
    """One kind of mistake.

    Attributes:
        title: In a few words.
        explanation: Why it is one, and what there is instead.
        example: Text of a spec that has it, called `spec.nas`; "" if no text alone can have it.
    """

    title: str
    explanation: str
    example: str = ""


def _read(path: Path) -> dict[str, Code]:
    entries = tomllib.loads(path.read_text(encoding="utf-8"))
    for entry in entries.values():
        entry["explanation"] = " ".join(entry["explanation"].split())
    return {code: Code(**entry) for code, entry in entries.items()}


CODES = _read(Path(__file__).with_suffix(".toml"))


def page_of(code: str) -> str:
    """Return the place of a code in the documentation, below its first page."""
    return f"reference/errors.html#{code.lower()}"
