"""The grammar that editors colour by is generated; `--update-golden` writes it anew."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from dslnas.editor.textmate import textmate_text
from dslnas.editor.words import keywords
from dslnas.language.syntax.parse_failure import CLOSING
from dslnas.language.syntax.tokens import RESERVED
from tests.conftest import REPOSITORY

EXTENSION = REPOSITORY / "editors" / "vscode"
FILE = EXTENSION / "syntaxes" / "nas.tmLanguage.json"


def scopes(line: str) -> dict[str, str]:
    """Return the scope of every coloured piece of a line, as an editor finds them."""
    patterns = json.loads(textmate_text())["patterns"]
    found, start = {}, 0
    while start < len(line):
        matches = [(re.compile(p["match"]).search(line, start), p) for p in patterns]
        hits = [(match, pattern) for match, pattern in matches if match and match[0]]
        if not hits:
            break
        match, pattern = min(hits, key=lambda hit: hit[0].start())
        for group, capture in pattern.get("captures", {"0": pattern}).items():
            found[match[int(group)]] = capture["name"]
        start = match.end()
    return found


def test_the_committed_grammar_is_that_of_the_language(
    expect: Callable[[Path, str], None],
) -> None:
    expect(FILE, textmate_text())


def test_words_are_coloured_by_their_meaning() -> None:
    assert scopes("search darts { epochs 3 }  # quick") == {
        "search": "keyword.control.nas",
        "darts": "entity.name.type.nas",
        "epochs": "variable.parameter.nas",
        "3": "constant.numeric.nas",
        "# quick": "comment.line.number-sign.nas",
    }
    assert scopes("op mine(k) = relu -> conv(k, out = 2 * C_in)") == {
        "op": "keyword.control.nas",
        "mine": "entity.name.function.nas",
        "relu": "support.function.nas",
        "->": "keyword.operator.nas",
        "conv": "support.function.nas",
        "=": "keyword.operator.nas",
        "2": "constant.numeric.nas",
        "*": "keyword.operator.nas",
        "C_in": "constant.language.nas",
    }


def test_every_reserved_word_is_coloured() -> None:
    assert set(keywords()) == set(RESERVED)
    assert {scopes(word)[word] for word in keywords()} == {"keyword.control.nas"}


def test_the_extension_knows_its_files_and_the_brackets_of_the_language() -> None:
    package = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    language = package["contributes"]["languages"][0]
    (grammar,) = package["contributes"]["grammars"]
    assert language["extensions"] == [".nas"]
    assert language["id"] == grammar["language"] == "nas"
    named = [package["main"], language["configuration"], grammar["path"]]
    assert all((EXTENSION / name).is_file() for name in named)
    path = EXTENSION / language["configuration"]
    configuration = json.loads(path.read_text(encoding="utf-8"))
    assert len(configuration["brackets"]) == len(CLOSING)
