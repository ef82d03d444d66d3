"""Hostile or broken input gets a diagnostic, soon, and never a traceback."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslnas.diagnostics import MOST_SHOWN, UserError
from dslnas.language.link.sources import LIBRARY, read_source
from dslnas.language.print.format import format_program
from dslnas.language.syntax.parse import MAX_CHARACTERS, parse
from dslnas.source import SourceFile
from tests.examples import examples
from tests.language.pipeline import complaint_about

LIBRARY_TEXT = "\n".join(
    (LIBRARY / name).read_text(encoding="utf-8")
    for name in ("papers/nas_bench_201.nas", "std/rnn.nas", "rnn/lstm.nas")
)
SECONDS = 30
"""Far more than any of these takes; a text that takes exponential time takes more."""


def hostile_texts(size: int) -> list[tuple[str, str]]:
    """Return texts of about `size` characters, each with the code it gets."""
    return [
        (f"let a = {'+'.join(['a'] * (size // 2))}", "NAS108"),
        (f"let a = {'*'.join(['a'] * (size // 2))}", "NAS108"),
        (f"let a = {'-' * size}1", "NAS108"),
        (f"let a = {'f(' * (size // 3)}1{')' * (size // 3)}", "NAS108"),
        (f"let a = f{'(1)' * (size // 3)}", "NAS108"),
        (f"let a = {'{' * (size // 2)}b{'}' * (size // 2)}", "NAS108"),
        (f"let a = {'(' * size}", "NAS105"),
        (f"let a = {')' * size}", "NAS105"),
        ("cell a {\n" * (size // 9), "NAS105"),
        ("}\n" * (size // 2), "NAS105"),
        ("let = 3\n" * (size // 8), "NAS104"),
        ("search darts {\n" + "epochs = 5\n" * (size // 11) + "}", "NAS104"),
        ("a" * size, "NAS104"),
        ('"' * size, "NAS104"),
        ("let a = 1" + "0" * size, "NAS107"),
        ("let a = 1." + "0" * size + "e99999", "NAS107"),
    ]


def assert_refused(text: str, code: str) -> None:
    started = time.perf_counter()
    shown = complaint_about(text)
    assert time.perf_counter() - started < SECONDS
    assert f"error[{code}]" in shown
    assert shown.count("error[") <= MOST_SHOWN
    assert all(len(line) < 300 for line in shown.splitlines())


@pytest.mark.parametrize(("text", "code"), hostile_texts(10_000))
@pytest.mark.sample(6)
def test_long_texts_are_refused(text: str, code: str) -> None:
    assert_refused(text, code)


@pytest.mark.slow
@pytest.mark.parametrize(("text", "code"), hostile_texts(MAX_CHARACTERS - 100))
def test_texts_as_long_as_the_limit_are_refused(text: str, code: str) -> None:
    assert_refused(text, code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("\0" * 1000, "NAS101"),
        ("let a = \0", "NAS101"),
        ("let a = \ud800", "NAS101"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}let a = 1", "NAS101"),
        ("use \N{ZERO WIDTH SPACE}std.cnn", "NAS101"),
        ("#" * (MAX_CHARACTERS + 1), "NAS003"),
    ],
)
def test_odd_texts_are_refused(text: str, code: str) -> None:
    assert_refused(text, code)


def recurrent(lines: str) -> str:
    cell = f"cell one {{\ninputs x\nstates h\n{lines}\noutput a\n}}"
    return f"use std.rnn\n{cell}\nnetwork {{ cells one }}"


def chained_gates(length: int) -> str:
    gates = (f"gate g{i}(f, s) {{ output g{i + 1}(f, g{i + 1}(f, s)) }}" for i in range(length))
    return "\n".join(["use std.rnn", *gates])


def chained(kind: str, length: int, body: str = "{}") -> str:
    lines = [f"{kind} a{i} = {body.format(f'a{i + 1}')}" for i in range(length)]
    return "use papers.darts\n" + "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{chained('let', 2000)}\nlet a2000 = x", "NAS203"),
        (f"{chained('op', 2000)}\nop a2000 = relu", "NAS108"),
        (f"{chained('op', 60, 'add({0} -> {0}, {0})')}\nop a60 = relu", "NAS108"),
        (f"{chained('ops', 2000)}\nops a2000 = skip", "NAS201"),
        (f"{chained('ops', 40, '{0} + {0}, {0}')}\nops a40 = skip_connect", "NAS308"),
        (
            f"{chained('op', 30, '{0} -> {0}')}\nop a30 = relu\ncell normal {{ choose a0 }}",
            "NAS403",
        ),
        (
            "use papers.darts\ncell a1500 { nodes 1; choose skip_connect }\n"
            + "\n".join(f"cell a{i} like a{i + 1} {{}}" for i in range(1500)),
            "NAS302",
        ),
        ("use papers.darts\nlet a = (1, 1)\n" + "let b = (a, a)\n", "NAS503"),
        (recurrent("\n".join(f"let a{i} = a{i + 1} + x" for i in range(1500))), "NAS108"),
        (recurrent("\n".join(f"let a{i} = a{i + 1} * a{i + 1}" for i in range(500))), "NAS201"),
        (recurrent("\n".join(f"let a{i} = highway(tanh, x, h)" for i in range(1500))), "NAS108"),
        (recurrent(f"let a = {'highway(tanh, ' * 90}x{')' * 90}"), "NAS302"),
        (recurrent(f"let a = {'tanh(' * 300}x{')' * 300}"), "NAS108"),
        (recurrent(f"let a = {'concat(x, ' * 90}x{', y)' * 90}"), "NAS201"),
        (recurrent(f"let a = concat({', '.join(['x'] * 2000)})"), "NAS208"),
        (
            f"use rnn.lstm\ncell lstm {{ states {', '.join(f's{i}' for i in range(1500))} }}",
            "NAS313",
        ),
        (f"use std.rnn\ngate g({', '.join(f'p{i}' for i in range(1500))}) {{}}", "NAS312"),
        (f"{chained_gates(300)}\nnetwork {{ cells a }}", "NAS311"),
        (
            f"use papers.darts\nops s = {', '.join(f'x{i}' for i in range(2000))}",
            "NAS201",
        ),
        (
            f"use papers.darts\nsearch darts {{ {'; '.join(f'x{i} 1' for i in range(2000))} }}",
            "NAS501",
        ),
    ],
)
def test_hostile_programs_are_refused(text: str, code: str) -> None:
    assert_refused(text, code)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    made = random.Random(0)
    for name in range(20):
        path = tmp_path / f"{name}.nas"
        path.write_bytes(made.randbytes(500))
        with pytest.raises(UserError):
            parse(read_source(path))


def test_control_characters_never_reach_the_terminal() -> None:
    shown = complaint_about('use "\x1b[31m.nas"\nlet a = b\x07 \x1b]0;title\x07')
    assert "error[" in shown
    assert all(character.isprintable() or character == "\n" for character in shown)


def assert_answers(text: str) -> None:
    """Every stage either works or says what is wrong."""
    complaint_about(text)
    try:
        program = parse(SourceFile("spec.nas", text))
    except UserError:
        return
    assert parse(SourceFile("spec.nas", format_program(program))) == program


@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    assert_answers(text)


WORDS = (
    *(
        "let",
        "op",
        "ops",
        "gate",
        "cell",
        "like",
        "node",
        "when",
        "search",
        "network",
        "a",
        "b",
        "3",
    ),
    *("50%", '"t"', "=", "->", "+", "-", "*", "/", "(", ")", "{", "}", ",", ":", "|"),
    *("\n", ";", "# c\n", " ", "1.", "'"),
)


@given(st.lists(st.sampled_from(WORDS), max_size=60))
def test_any_words_are_answered(words: list[str]) -> None:
    assert_answers(" ".join(words))


@settings(max_examples=examples(40))
@given(st.integers(0, len(LIBRARY_TEXT)), st.integers(0, 40), st.text(max_size=5))
def test_damaged_programs_are_answered(start: int, length: int, put: str) -> None:
    assert_answers(LIBRARY_TEXT[:start] + put + LIBRARY_TEXT[start + length :])
