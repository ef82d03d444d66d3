"""Changes of a text, and advice that carries them."""

from __future__ import annotations

import pytest

from dslnas.diagnostics import diagnostic
from dslnas.edits import Advice, Edit, addition, applied, removal
from dslnas.source import SourceFile, Span


def span(text: str, part: str) -> Span:
    """Return where a part of a text stands."""
    start = text.index(part)
    return Span(SourceFile("spec.nas", text), start, start + len(part))


@pytest.mark.parametrize(
    ("text", "part", "left"),
    [
        ("a 1\n  b 2\nc 3\n", "b 2", "a 1\nc 3\n"),
        ("a 1\n  b 2  # why\nc 3\n", "b 2", "a 1\nc 3\n"),
        ("a 1\nb 2", "b 2", "a 1\n"),
        ("x { a 1; b 2; c 3 }", "b 2", "x { a 1; c 3 }"),
        ("x { a 1; b 2; c 3 }", "a 1", "x { b 2; c 3 }"),
        ("x { a 1; b 2; c 3 }", "c 3", "x { a 1; b 2 }"),
        ("x { a 1 }", "a 1", "x { }"),
        ("k a, b, c", "b", "k a, c"),
        ("k b, c", "b", "k c"),
        ("k a,\n  b", "b", "k a"),
    ],
)
def test_what_is_removed_takes_its_separator_with_it(text: str, part: str, left: str) -> None:
    assert applied(text, [removal(span(text, part))]) == left


def test_of_edits_that_overlap_the_first_is_made() -> None:
    text = "let width = 3"
    edits = [Edit(span(text, "width = 3"), "b = 4"), Edit(span(text, "width"), "a")]
    assert applied(text, edits) == "let a = 3"
    assert applied(text, [addition(span(text, "width"), "}")] * 2) == "let }width = 3"


def test_edits_of_several_places_are_all_made() -> None:
    text = "a b c"
    edits = [Edit(span(text, "c"), "z"), Edit(span(text, "a"), ""), addition(span(text, "b"), "(")]
    assert applied(text, edits) == " (b z"


def test_a_title_says_what_an_edit_does() -> None:
    text = "use papers.dart, b"
    assert Edit(span(text, "dart"), "darts").title == "write `darts` for `dart`"
    assert removal(span(text, "b")).title == "remove `b`"
    assert addition(span(text, "b"), "}\n").title == "add `}`"


def test_advice_on_a_word_is_an_edit_wherever_the_mark_has_it_once() -> None:
    text = "use papers.dart"
    advice = Advice("did you mean `darts`?", "darts", "dart")
    for marked in (text, "dart"):
        mistake = diagnostic("NAS201", "unknown", span(text, marked), advice)
        assert mistake.help == "did you mean `darts`?"
        assert [applied(text, [edit]) for edit in mistake.edits] == ["use papers.darts"]
    assert not diagnostic("NAS201", "unknown", span("dart dart", "dart dart"), advice).edits
    assert not diagnostic("NAS201", "unknown", where="--passes", help=advice).edits
