"""The TextMate grammar of the language, from its own grammar and tables: what editors colour."""

from __future__ import annotations

import json
from collections.abc import Iterable

from dslnas.editor.document import NAMED
from dslnas.editor.words import keywords
from dslnas.language.check.calls import CONDITIONS
from dslnas.language.check.constants import FLAGS, RESERVED
from dslnas.language.syntax.grammar import language_parser
from dslnas.language.syntax.tokens import STATEMENTS
from dslnas.ops.catalogue import LANGUAGE
from dslnas.settings.calls import CALLS
from dslnas.settings.spec import SECTIONS

SCOPE = "source.nas"
_SIGNS = ("ARROW", "COMPARE", "EQUAL", "PLUS", "MINUS", "STAR", "SLASH", "VBAR")


def textmate_text() -> str:
    """Return the grammar as the JSON of its file."""
    grammar = {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "dslnas",
        "scopeName": SCOPE,
        "fileTypes": ["nas"],
        "patterns": [{"match": match, "name": f"{scope}.nas"} for match, scope in _plain()]
        + [_definition(), _named_section(), _setting()]
        + [{"match": _word(words), "name": f"{scope}.nas"} for words, scope in _words()],
    }
    return json.dumps(grammar, indent=2) + "\n"


def _plain() -> list[tuple[str, str]]:
    """Return the forms that are no words, with their scopes."""
    signs = "|".join(_form(name) for name in _SIGNS)
    return [
        (_form("COMMENT"), "comment.line.number-sign"),
        (_form("STRING"), "string.quoted.double"),
        (rf"(?<![A-Za-z0-9_.])(?:{_form('SIZE')}|{_form('NUMBER')})", "constant.numeric"),
        (signs, "keyword.operator"),
    ]


def _form(terminal: str) -> str:
    """Return the regular expression of a terminal of the grammar."""
    found = next(t.pattern for t in language_parser().terminals if t.name == terminal)
    return str(found.to_regexp())


def _definition() -> dict[str, object]:
    """Return the pattern of a word that defines, with the name that it gives."""
    kinds = [word for kind, words in STATEMENTS.items() if kind != "SECTION" for word in words]
    return {
        "match": rf"{_word([*kinds, 'node'])}\s+([A-Za-z_][A-Za-z0-9_.]*)",
        "captures": {
            "1": {"name": "keyword.control.nas"},
            "2": {"name": "entity.name.function.nas"},
        },
    }


def _named_section() -> dict[str, object]:
    """Return the pattern of a section with a name."""
    names = [name for named in NAMED.values() for name in named]
    return {
        "match": rf"{_word(NAMED)}\s+{_word(names)}",
        "captures": {"1": {"name": "keyword.control.nas"}, "2": {"name": "entity.name.type.nas"}},
    }


def _setting() -> dict[str, object]:
    """Return the pattern of a key, which begins a line or a statement."""
    keys = dict.fromkeys(key for model in SECTIONS for key in model.all_keys())
    return {
        "match": rf"(?:^|[{{;])\s*{_word(keys)}(?=\s)",
        "captures": {"1": {"name": "variable.parameter.nas"}},
    }


def _words() -> list[tuple[Iterable[str], str]]:
    """Return the words that have a meaning of their own, with their scopes."""
    return [
        (keywords(), "keyword.control"),
        ([*RESERVED, *FLAGS, *CONDITIONS], "constant.language"),
        (CALLS, "support.class"),
        (LANGUAGE, "support.function"),
    ]


def _word(words: Iterable[str]) -> str:
    """Return the regular expression of one of some words, in one group."""
    return rf"\b({'|'.join(sorted(set(words), key=lambda word: (-len(word), word)))})\b"
