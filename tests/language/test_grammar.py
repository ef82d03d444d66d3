"""The parser's tables are those of the grammar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import lark
import pytest

from dslnas.language.link.sources import LIBRARY
from dslnas.language.syntax import grammar
from tests.language.parser_tables import tables_text

CONSTRAINTS = Path(__file__).resolve().parents[2] / "constraints.txt"


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the parser before and after a test that makes one in another way."""
    grammar.language_parser.cache_clear()


def test_stored_tables_are_made_from_the_grammar(expect: Callable[[Path, str], None]) -> None:
    if f"lark=={lark.__version__}\n" not in CONSTRAINTS.read_text(encoding="utf-8"):
        pytest.skip("tables are kept for the Lark of constraints.txt")
    expect(grammar.tables_path(), tables_text())


def test_tables_change_nothing_but_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = grammar.language_parser()
    grammar.language_parser.cache_clear()
    try:
        monkeypatch.setattr(grammar, "_TABLES", "there is no such file")
        made = grammar.language_parser()
    finally:
        grammar.language_parser.cache_clear()
    assert made is not stored
    for path in LIBRARY.glob("**/*.nas"):
        text = path.read_text(encoding="utf-8")
        assert stored.parse(text, start="program") == made.parse(text, start="program")


def test_tables_of_another_grammar_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path in grammar.tables_path().parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    changed = grammar.grammar_text("nas").replace('let: "let"', 'let: "const"')
    (tmp_path / "nas.lark").write_text(changed, encoding="utf-8")
    grammar.language_parser.cache_clear()
    try:
        monkeypatch.setattr(grammar, "_folder", lambda: tmp_path)
        tree = grammar.language_parser().parse("const a = 3", start="program")
    finally:
        grammar.language_parser.cache_clear()
    assert [child.data for child in tree.iter_subtrees() if child.data == "let"] == ["let"]
