"""Nodes of the syntax tree: frozen, equal where they say the same."""

from __future__ import annotations

import copy

import pytest

from dslnas.language.syntax import ast
from dslnas.source import SourceFile, Span

SOURCE = SourceFile("spec.nas", "ab")
HERE, THERE = Span(SOURCE, 0, 1), Span(SOURCE, 1, 2)


def test_spans_and_comments_take_no_part_in_equality_and_printing() -> None:
    assert ast.Name("a", span=HERE) == ast.Name("a", span=THERE)
    assert hash(ast.Name("a", span=HERE)) == hash(ast.Name("a", span=THERE))
    assert ast.Name("a", span=HERE) != ast.Name("b", span=HERE)
    text: object = ast.Text("a", span=HERE)
    assert ast.Name("a", span=HERE) != text
    comment = ast.Comment("# a", span=HERE)
    assert ast.Program((), (comment,), span=HERE) == ast.Program((), (), span=HERE)
    assert repr(ast.Let(ast.Name("a", span=HERE), ast.Text("b", span=HERE), span=HERE)) == (
        "Let(name=Name(text='a'), value=Text(value='b'))"
    )


def test_nodes_are_frozen() -> None:
    name = ast.Name("a", span=HERE)
    with pytest.raises(AttributeError, match="text"):
        name.text = "b"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="text"):
        del name.text
    assert name.replace(span=THERE).span == THERE
    assert (name.span, name.text) == (HERE, "a")
    assert copy.deepcopy(name) == name


def test_fields_are_given_by_position_or_name() -> None:
    assert ast.Number(1, text="1", span=HERE) == ast.Number(1, "1", span=THERE)
    for values in ((), (1,), (1, "1", 2)):
        with pytest.raises(TypeError, match="argument"):
            ast.Number(*values, span=HERE)
