"""Finds the grammars. The only place that knows where they live."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def grammar_text(name: str) -> str:
    """Return the text of grammar `name` (`nas` or `graph`).

    An installed package carries the grammars inside; a checkout has them beside it.
    """
    inside = _PACKAGE / "grammars" / f"{name}.lark"
    beside = _PACKAGE.parent / "grammars" / f"{name}.lark"
    return (inside if inside.exists() else beside).read_text(encoding="utf-8")
