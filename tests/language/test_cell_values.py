"""Values and gates: what their expressions mean, and what gates come to where they stand."""

from __future__ import annotations

import pytest

from dslnas.diagnostics import UserError
from dslnas.language.check.cell import Cell
from dslnas.language.check.check import check
from dslnas.language.check.value import (
    SOURCE,
    Activated,
    Applied,
    Joined,
    Reference,
    Together,
    ValueExpression,
    is_activated,
    names_in,
)
from dslnas.language.link.link import link
from dslnas.language.link.overrides import parse_overrides
from dslnas.language.print.format import format_expression
from dslnas.source import SourceFile
from dslnas.tasks.catalogue import TASK_SETTINGS


def shown(value: ValueExpression) -> str:
    """Return a value as text; `[...]` is the operation of the edge, `.` what the edge reads."""
    match value:
        case Reference(name=name):
            return name or "."
        case Applied(operation=operation, source=source):
            return f"{format_expression(operation)}({shown(source)})"
        case Activated(source=source):
            return f"[{shown(source)}]"
        case Joined(primitive=primitive, operands=operands):
            return f"{primitive}({', '.join(map(shown, operands))})"
        case Together(operands=operands):
            return f"({', '.join(map(shown, operands))})"


def cell_of(lines: str, more: str = "", *overrides: str) -> Cell:
    cell = f"cell one {{\ninputs x\nstates h\n{lines}\n}}\nnetwork {{ cells one }}"
    source = SourceFile("spec.nas", f"use std.rnn\n{more}\n{cell}")
    return check(link(source, parse_overrides(overrides)), TASK_SETTINGS).cells["one"]


def values_of(lines: str, more: str = "") -> dict[str, str]:
    return {v.name: shown(v.expression) for v in cell_of(lines, more).values}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("x", "x"),
        ("x + h", "add(x, h)"),
        ("x - h + x", "add(subtract(x, h), x)"),
        ("x - h * x", "subtract(x, multiply(h, x))"),
        ("tanh(x + h)", "tanh(add(x, h))"),
        ("linear(2 * C, bias = false)(x)", "linear(2 * C, bias = false)(x)"),
        ("(linear(C) -> tanh)(x)", "linear(C) -> tanh(x)"),
        ("(2 * relu)(x)", "2 * relu(x)"),
        ("concat(x, h, tanh(h))", "concat(x, h, tanh(h))"),
        ("add(x, h)", "add(x, h)"),
        ("subtract(x, h)", "subtract(x, h)"),
        ("multiply(x, mean(h, x))", "multiply(x, mean(h, x))"),
        # As an operation a join reads one value, with a branch for each of its arguments.
        ("concat(tanh, relu)(x)", "concat(tanh, relu)(x)"),
        ("widen(k)(x)", "widen(k)(x)"),
        ("n1", "n1"),
    ],
)
def test_expressions_of_values(text: str, meaning: str) -> None:
    lines = f"let b = {text}\nnode n1 = tanh(x) + relu(h)\noutput b"
    assert values_of(lines, "let k = 3\nop widen(m) = linear(m * C_in)")["b"] == meaning


def test_a_gate_around_edges() -> None:
    gate = cell_of("first x + h\nnodes 2\nchoose tanh, relu\nedge highway\noutput mean").gate
    assert gate is not None
    assert gate.name == "highway"
    assert {v.name: shown(v.expression) for v in gate.values} == {
        "reads": "drop_state(.)",
        "both": "linear(2 * C, bias = false)(reads)",
    }
    output = "add(., multiply(sigmoid(split(2, 0)(both)), subtract([split(2, 1)(both)], .)))"
    assert shown(gate.output) == output
    assert names_in(gate.output) == (SOURCE, "both")
    assert is_activated(gate.output)


def test_values_of_a_gate_come_in_computing_order() -> None:
    gate = cell_of(
        "first x + h\nnodes 1\nchoose tanh, relu\nedge late\noutput n1",
        "gate late(f, s, more = s) { let c = f(b); let b = tanh(a) + more; let a = relu(s)\n"
        "output c }",
    ).gate
    assert gate is not None
    assert [(v.name, shown(v.expression)) for v in gate.values] == [
        ("a", "relu(.)"),
        ("b", "add(tanh(a), .)"),
        ("c", "[b]"),
    ]


def test_a_gate_that_is_applied_becomes_values_of_the_cell() -> None:
    cell = cell_of("first highway(tanh, h, concat(drop_input(x), h))\noutput first")
    assert cell.first == "first"
    assert {v.name: shown(v.expression) for v in cell.values} == {
        "first_reads": "concat(drop_input(x), h)",
        "first_both": "linear(2 * C, bias = false)(first_reads)",
        "first": "add(h, multiply(sigmoid(split(2, 0)(first_both)), "
        "subtract(tanh(split(2, 1)(first_both)), h)))",
    }


def test_what_a_gate_is_given_is_computed_once() -> None:
    """`state` is read twice by the gate, so an expression given for it gets a name."""
    values = values_of("let b = highway((linear(C) -> tanh), state = x + h)\noutput b")
    assert values["b_state"] == "add(x, h)"
    assert values["b_reads"] == "drop_state(b_state)"
    assert values["b"].count("b_state") == 2
    assert "linear(C) -> tanh(split(2, 1)(b_both))" in values["b"]


def test_names_of_parts_are_free() -> None:
    values = values_of("let b_both = x * h\nlet b = highway(tanh, h, x) + b_both\noutput b")
    assert (values["b_both"], "b_both_2" in values) == ("multiply(x, h)", True)
    twice = values_of("let b = highway(tanh, h, x) * highway(relu, h, x)\noutput b")
    assert {"b_both", "b_both_2"} <= set(twice)
    inside = values_of("let b = highway(tanh, highway(relu, h, x), x)\noutput b")
    assert {"b_state", "b_both", "b_both_2"} <= set(inside)


def test_nodes_read_the_first_value_instead_of_the_inputs() -> None:
    def sources(lines: str) -> list[list[str]]:
        cell = cell_of(f"{lines}\nnodes 2\nchoose tanh, relu\noutput mean")
        return [[edge.source for edge in cell.incoming(node)] for node in cell.nodes]

    assert sources("first x + h") == [["first"], ["first", "n1"]]
    assert sources("let first = x + h\nlet b = n2\nnext b") == [["x", "h"], ["x", "h", "n1"]]


def test_lines_that_a_derived_cell_keeps() -> None:
    cell = cell_of(
        "first  highway(tanh,h,x)\nlet b=tanh(first)\nnodes 1\nchoose tanh\n"
        "edge highway\nnormalise search_norm\nkeep 1\nnext b\noutput mean"
    )
    assert cell.written == (
        ("", "states  h"),
        ("first", "first  highway(tanh, h, x)"),
        ("b", "let b = tanh(first)"),
        ("", "edge  highway"),
        ("", "normalise  search_norm"),
        ("", "next  b"),
    )


def test_outputs() -> None:
    both = "let b = x + h\nnode n1 = tanh(b)\n"
    for text, output in {
        "output b": ("last", ("b",)),
        "output n1": ("last", ("n1",)),
        "output last(b)": ("last", ("b",)),
        "output last": ("last", ("n1",)),
        "output concat(b, n1)": ("concat", ("b", "n1")),
        "output mean": ("mean", ("n1",)),
        "": ("concat", ("n1",)),
    }.items():
        cell = cell_of(both + text)
        assert (cell.output, cell.output_of) == output


def test_the_command_line_changes_values() -> None:
    lines = "first x + h\nnodes 1\nchoose tanh, relu\noutput mean"
    cell = cell_of(lines, "", "cell.one.first=x * h", "cell.one.edge=highway")
    assert shown(cell.values[0].expression) == "multiply(x, h)"
    assert cell.gate is not None
    with pytest.raises(UserError, match=r"--set:1:\d+: .* unknown value `y`"):
        cell_of(lines, "", "cell.one.first=x * y")


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(UserError) as raised:
        cell_of(
            "let a = tan(y)\nlet b = {tanh}(x) / h\nfirst highway(tanh)\noutput b",
            "gate g(f, s) { output f(t) + sigmod(s) }",
        )
    found = [(d.code, d.span.line if d.span else 0) for d in raised.value.diagnostics]
    assert found == [
        ("NAS201", 2),
        ("NAS201", 2),
        ("NAS201", 6),
        ("NAS201", 6),
        ("NAS311", 7),
        ("NAS208", 8),
    ]
