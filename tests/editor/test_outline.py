from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslnas.editor.completion import completions
from dslnas.editor.definition import definition
from dslnas.editor.hover import hover
from dslnas.editor.outline import outline, read_tokens
from dslnas.editor.rename import RefusedError, rename
from tests.marked_text import SPECS, marked


def words(text: str) -> list[str]:
    return [f"{item.word} {item.name or ''}".strip() for item in outline(text, read_tokens(text))]


@pytest.mark.parametrize(
    "text",
    [
        "use std.cnn\ncell a {\n    node n = conv(3\n\nsearch darts\nlet K = 3\n",
        "use std.cnn\ncell a {\n    choose {conv(3),\n\nsearch darts {}\nlet K = 3\n",
        "use std.cnn\ncell a { §$% }\nsearch darts\nlet K = ",
    ],
)
def test_what_is_left_open_hides_no_later_statement(text: str) -> None:
    assert words(text)[1:] == ["cell a", "search darts", "let K"]


def test_values_of_a_cell_are_no_statements_of_the_top_level() -> None:
    text = "cell a {\n    inputs 1\n    let x = relu(in1)\n    node n = x\n}\nlet K = 2\n"
    cell, constant = outline(text, read_tokens(text))
    assert [str(statement[0]) for statement in cell.statements] == ["inputs", "let", "node"]
    assert constant.word == "let"


def test_parameters_are_those_in_the_parentheses_of_the_head() -> None:
    text = "op f(k, out = 2 * C, act) = conv(k, out = out) -> act\n"
    (item,) = outline(text, read_tokens(text))
    assert [str(name) for name in item.parameters] == ["k", "out", "act"]


@given(st.data())
def test_nothing_half_written_is_an_error(data: st.DataObject) -> None:
    text = (SPECS / "text_lstm.nas").read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    put = data.draw(st.text('{}()"=,|>-#;.\n3x §', max_size=4))
    ask_everything(f"{text[:start]}{put}@{text[end:]}", right=text)


@pytest.mark.parametrize(
    "text",
    [
        "{" * 2000 + "@",
        "cell a { node n = " + "(" * 2000 + "@",
        "cell@",
        "op f(@",
        "op f(a, @) | when",
        "gate g(f, s) {@",
        "cell a like a@ { node n = n }",
        "cell a { nodes 99999999999999999999; output n1@ }",
        "op f = g@\nop g = f\n",
        "let K = K@\n",
        'use "spec.nas@"\n',
        "use " + "." * 50 + "@",
        "\x00@",
    ],
)
def test_nothing_that_makes_no_sense_is_an_error(text: str) -> None:
    ask_everything(text)


def ask_everything(text: str, *, right: str = "") -> None:
    document, offset = marked(text, right=right)
    completions(document, offset)
    hover(document, offset)
    definition(document, offset)
    with suppress(RefusedError):
        rename(document, offset, "another_name")
