"""Arithmetic, and constants in any order."""

from __future__ import annotations

import pytest

from dslnas.diagnostics import Diagnostics, UserError
from dslnas.language.check.constants import Constant, evaluate, evaluate_lets
from dslnas.language.link.link import link
from dslnas.language.syntax.parse import parse_values
from dslnas.source import SourceFile


def value_of(text: str, **scope: Constant) -> Constant:
    (expression,) = parse_values(SourceFile("value", text))
    return evaluate(expression, scope)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("7 - 2 - 1", 4),
        ("-3 + 1", -2),
        ("--3", 3),
        ("6 / 3", 2),
        ("7 / 2", 3.5),
        ("1 / 3 * 3", 1.0),
        ("0.5 * 4", 2.0),
        ("50% * 10", 5.0),
        ("true", True),
        ("(1, 2 * 3)", (1, 6)),
        ("3 x 32 x 32", (3, 32, 32)),
        ("2 * k", 10),
    ],
)
def test_arithmetic(text: str, value: Constant) -> None:
    result = value_of(text, k=5)
    assert result == value
    assert type(result) is type(value)


def constants(text: str) -> dict[str, Constant]:
    found = Diagnostics()
    values = evaluate_lets(link(SourceFile("spec.nas", text)).constants, found)
    found.raise_if_any()
    return values


def test_constants_may_be_written_in_any_order() -> None:
    assert constants("let a = b + c\nlet b = 2 * c\nlet c = 3") == {"a": 9, "b": 6, "c": 3}


def test_a_long_chain_in_order_is_fine() -> None:
    lines = ["let a0 = 1", *(f"let a{i} = a{i - 1} + 1" for i in range(1, 500))]
    assert constants("\n".join(lines))["a499"] == 500


def test_all_wrong_constants_are_found_at_once() -> None:
    with pytest.raises(UserError) as raised:
        constants("let a = 1 / 0\nlet b = x\nlet c = c\nlet d = a + b + c")
    assert [d.code for d in raised.value.diagnostics] == ["NAS503", "NAS203", "NAS206"]
