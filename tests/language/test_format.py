"""Formatting keeps the program and its comments, and is stable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dslnas.language.link.sources import LIBRARY
from dslnas.language.print.format import format_expression, format_item, format_program
from dslnas.language.print.layout import WIDTH
from dslnas.language.syntax import ast
from dslnas.language.syntax.parse import parse, parse_values
from dslnas.source import SourceFile
from tests.language.programs import expressions, items, programs, untidy

FEW = settings().max_examples // 2
"""Examples of whole programs."""
GOLDEN = Path(__file__).parent / "golden"


def formatted(text: str) -> str:
    return format_program(parse(SourceFile("spec.nas", text)))


def assert_laws(text: str) -> None:
    program = parse(SourceFile("spec.nas", text))
    once = format_program(program)
    again = parse(SourceFile("spec.nas", once))
    assert again == program
    assert [c.text for c in again.comments] == [c.text for c in program.comments]
    assert format_program(again) == once


@settings(max_examples=FEW)
@given(programs)
def test_made_programs_survive(program: ast.Program) -> None:
    text = format_program(program)
    assert parse(SourceFile("spec.nas", text)) == program
    assert formatted(text) == text


@settings(
    max_examples=FEW, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.data())
def test_untidy_texts_keep_program_and_comments(data: st.DataObject) -> None:
    program = data.draw(programs)
    text, written = data.draw(untidy(format_program(program)))
    read = parse(SourceFile("spec.nas", text))
    assert read == program
    assert [c.text for c in read.comments] == written
    assert_laws(text)


@given(items)
def test_items_survive(item: ast.Item) -> None:
    text = format_item(item)
    assert not text.endswith("\n")
    assert parse(SourceFile("spec.nas", text)).items == (item,)


@given(expressions)
def test_expressions_survive_in_one_line(expression: ast.Expression) -> None:
    text = format_expression(expression)
    assert "\n" not in text
    assert parse_values(SourceFile("value", text)) == (expression,)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("((a))", "a"),
        ("(a+b)+c", "a + b + c"),
        ("a+(b+c)", "a + (b + c)"),
        ("a-(b-c)", "a - (b - c)"),
        ("(a*b)/c", "a * b / c"),
        ("a*(b/c)", "a * (b / c)"),
        ("(a+b)*c", "(a + b) * c"),
        ("-(a+b)", "-(a + b)"),
        ("-(a)*b", "-a * b"),
        ("-(a*b)", "-(a * b)"),
        ("--a", "--a"),
        ("a- -b", "a - -b"),
        ("2*(a->b)", "2 * (a -> b)"),
        ("(a->b)->c", "(a -> b) -> c"),
        ("a->(b->c)", "a -> (b -> c)"),
        ("(a+b)->c", "a + b -> c"),
        ("(a->b)+c", "(a -> b) + c"),
        ("(a+b)(c)", "(a + b)(c)"),
        ("-a(b)", "-a(b)"),
        ("(-a)(b)", "(-a)(b)"),
        ("f ( (a,b) , x=1 )", "f((a, b), x = 1)"),
        ("{a,(b->c)}", "{a, b -> c}"),
        ("3x32   x 32", "3 x 32 x 32"),
    ],
)
def test_parentheses_are_those_that_matter(written: str, canonical: str) -> None:
    assert formatted(f"let a = {written}") == f"let a = {canonical}\n"


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("a(3)<=2,b>1", "a(3) <= 2, b > 1"),
        ("a<(b+c)", "a < b + c"),
        ("(a->b)<(b->c)", "(a -> b) < (b -> c)"),
        ("a<5ms", "a < 5ms"),
        ("a:3,b :(c->d)", "a: 3, b: c -> d"),
    ],
)
def test_comparisons_and_names_of_values_have_spaces(written: str, canonical: str) -> None:
    assert formatted(f"derive {{ a {written} }}") == f"derive {{\n    a  {canonical}\n}}\n"


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("**/*.nas")), ids=lambda path: path.stem)
def test_library_is_canonical(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert formatted(text) == text


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.before.nas")), ids=lambda path: path.name)
def test_golden_files(path: Path, expect: Callable[[Path, str], None]) -> None:
    before = path.read_text(encoding="utf-8")
    expect(path.with_name(path.name.replace(".before.", ".after.")), formatted(before))
    assert_laws(before)


def test_golden_files_come_in_pairs() -> None:
    names = {path.name for path in GOLDEN.iterdir()}
    befores = {name for name in names if name.endswith(".before.nas")}
    assert names == befores | {name.replace(".before.", ".after.") for name in befores}


def test_lines_fit_where_they_can() -> None:
    for path in GOLDEN.glob("*.after.nas"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert len(line) <= WIDTH or "unbreakable" in path.name, f"{path.name}: {line}"


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "\n\n# one\n\n\n# two\n\n"])
def test_files_without_statements(text: str) -> None:
    assert_laws(text)
    assert not formatted(text).startswith("\n")
    assert not formatted(text).endswith("\n\n")
