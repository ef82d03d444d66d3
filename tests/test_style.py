"""Docstrings start with a verb or with the noun that they define."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import dslnas

FOLDERS = (Path(dslnas.__file__).parent, Path(__file__).parent)

_ENTRY = re.compile(r"\w+: (What|Of)\b")
"""An argument or attribute of a docstring that is described by a clause instead of a noun."""


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of every docstring: strings that stand alone."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            text = node.value.value
            if isinstance(text, str):
                yield node.lineno, text


def faults(docstring: str) -> list[str]:
    """Return the lines of a docstring that break the rule."""
    first, *others = docstring.splitlines()
    found = [first] if re.match(r"(What|Of)\b", first) else []
    found += [line for line in others if _ENTRY.match(line.strip())]
    return [*found, *(line for line in (first, *others) if re.search(r"\bLikewise\b", line))]


def test_docstrings_start_with_a_verb_or_a_noun() -> None:
    found = [
        f"{path}, line {line}: {fault.strip()}"
        for folder in FOLDERS
        for path in sorted(folder.rglob("*.py"))
        for line, text in docstrings(path.read_text(encoding="utf-8"))
        for fault in faults(text)
    ]
    assert not found, "say what it is: a verb, or the noun that is defined"


def test_the_rule_finds_what_it_forbids() -> None:
    wrong = "What it is.\n\nArgs:\n    name: Of the cell.\n    other: Likewise."
    assert faults(wrong) == ["What it is.", "    name: Of the cell.", "    other: Likewise."]
    assert faults("Return what is left.\n\nArgs:\n    name: Name of the cell.") == []
