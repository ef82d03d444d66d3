"""How mistakes are printed."""

from __future__ import annotations

import pytest

from dslnas.diagnostics import MOST_FOUND, MOST_SHOWN, Diagnostic, Diagnostics, Note, UserError
from dslnas.source import SourceFile, Span


def excerpt(text: str, marked: str) -> list[str]:
    """Return the excerpt that is printed with a part of a text marked."""
    start = text.index(marked)
    span = Span(SourceFile("spec.nas", text), start, start + len(marked))
    return Diagnostic("NAS999", "message", span).render().splitlines()[1:]


def test_carets_stand_under_what_is_meant() -> None:
    assert excerpt("let a = 1\nlet b = wrong + 2\n", "wrong") == [
        "  |",
        "2 | let b = wrong + 2",
        "  |         ^^^^^",
    ]


def test_only_the_first_line_of_a_long_span_is_marked() -> None:
    assert excerpt("op f = add(\n  a\n)", "add(\n  a\n)")[-1] == "  |        ^^^^"


def test_wide_characters_and_tabs_keep_the_carets_in_place() -> None:
    assert excerpt("\t宽度 x", "x")[1:] == ["1 |  宽度 x", "  |       ^"]
    assert excerpt("e\N{COMBINING ACUTE ACCENT} x", "x")[-1] == "  |   ^"


def test_of_a_long_line_the_part_around_the_mistake_is_shown() -> None:
    lines = excerpt("a" * 500 + "wrong" + "b" * 500, "wrong")
    assert lines[1].startswith("1 | ...aaa")
    assert lines[1].endswith("bbb...")
    assert len(lines[1]) < 120
    start = lines[2].index("^")
    assert lines[1][start : start + 5] == "wrong"
    assert lines[2].count("^") == 5


@pytest.mark.parametrize("place", [0, 50, 150, 195])
def test_marks_of_long_lines_are_in_place_everywhere(place: int) -> None:
    text = "." * place + "wrong" + "." * (195 - place)
    lines = excerpt(text, "wrong")
    start = lines[2].index("^")
    assert lines[1][start : start + 5] == "wrong"


def test_a_place_behind_the_end_of_a_line_can_be_marked() -> None:
    source = SourceFile("spec.nas", "let a =\nlet b")
    assert Diagnostic("NAS999", "message", Span(source, 7, 8)).render().splitlines() == [
        "spec.nas:1:8: error[NAS999]: message",
        "  |",
        "1 | let a =",
        "  |        ^",
    ]


def test_notes_and_help_follow() -> None:
    source = SourceFile("spec.nas", "let a = 1\nlet a = 2")
    diagnostic = Diagnostic(
        "NAS999",
        "message",
        Span(source, 14, 15),
        help="do something",
        notes=(Note("look here", Span(source, 4, 5)),),
    )
    assert diagnostic.render().splitlines()[4:] == [
        "spec.nas:1:5: note: look here",
        "  |",
        "1 | let a = 1",
        "  |     ^",
        "  = help: do something",
    ]


def test_mistakes_outside_of_text_say_what_they_are_about() -> None:
    assert (
        Diagnostic("NAS999", "message", where="--out").render() == "--out: error[NAS999]: message"
    )


def places(number: int) -> list[Span]:
    source = SourceFile("spec.nas", "x" * number)
    return [Span(source, place, place + 1) for place in range(number)]


def test_mistakes_come_in_order_and_many_are_counted() -> None:
    found = Diagnostics()
    for span in reversed(places(MOST_SHOWN + 3)):
        found.add("NAS999", "message", span)
    with pytest.raises(UserError) as raised:
        found.raise_if_any()
    columns = [d.span.column for d in raised.value.diagnostics if d.span is not None]
    assert columns == sorted(columns)
    assert raised.value.render().endswith("... and 3 more")


def test_a_place_is_wrong_once() -> None:
    found = Diagnostics()
    (span,) = places(1)
    found.add("NAS999", "in cell a", span)
    found.add("NAS999", "in cell b", span)
    found.add("NAS998", "something else", span)
    with pytest.raises(UserError) as raised:
        found.raise_if_any()
    assert [d.message for d in raised.value.diagnostics] == ["in cell a", "something else"]


def test_after_very_many_mistakes_looking_ends() -> None:
    found = Diagnostics()
    *spans, last = places(MOST_FOUND + 1)
    for span in spans:
        found.add("NAS999", "message", span)
    with pytest.raises(UserError) as raised:
        found.add("NAS999", "message", last)
    assert len(raised.value.diagnostics) == MOST_FOUND
