"""Text to syntax tree: precedence, line ends, spans, numbers and limits."""

from __future__ import annotations

import pytest

from dslnas.diagnostics import Diagnostics, UserError
from dslnas.language.syntax import ast
from dslnas.language.syntax.ast_base import Node
from dslnas.language.syntax.build import MAX_DEPTH, TreeBuilder
from dslnas.language.syntax.grammar import language_parser
from dslnas.language.syntax.parse import MAX_CHARACTERS, parse
from dslnas.source import SourceFile, Span


def program(text: str) -> ast.Program:
    return parse(SourceFile("spec.nas", text))


def value(text: str) -> ast.Expression:
    (item,) = program(f"let a = {text}").items
    assert isinstance(item, ast.Let)
    return item.value


def test_a_gate_has_parameters_values_and_an_output() -> None:
    text = "gate g(f, s, r = d(s)) {\n  let a = f(r) -\n    s\n  output a * s; let b = r\n}"
    (gate,) = program(text).items
    assert isinstance(gate, ast.GateDef)
    assert gate.head.text == "gate g(f, s, r = d(s))"
    assert [p.name.text for p in gate.parameters] == ["f", "s", "r"]
    assert [shown(p.default) for p in gate.parameters if p.default] == ["[d of s]"]
    first, output, last = gate.statements
    assert isinstance(first, ast.Let)
    assert (first.name.text, shown(first.value)) == ("a", "[[f of r] - s]")
    assert isinstance(output, ast.Setting)
    assert [shown(value) for value in output.values] == ["[a * s]"]
    assert isinstance(last, ast.Let)
    (bare,) = program("gate g {}").items
    assert isinstance(bare, ast.GateDef)
    assert (bare.head.text, bare.parameters, bare.statements) == ("gate g", (), ())


def test_values_stand_among_the_statements_of_a_cell() -> None:
    (cell,) = program("cell c { states h; let a = tanh(h)\n node n = relu(a); output n }").items
    assert isinstance(cell, ast.CellDef)
    kinds = [type(statement) for statement in cell.statements]
    assert kinds == [ast.Setting, ast.Let, ast.NodeDef, ast.Setting]


def shown(expression: ast.Expression) -> str:
    """Return an expression with every operation in brackets."""
    match expression:
        case ast.Name(text=text) | ast.Number(text=text):
            return text
        case ast.Text(value=text):
            return f'"{text}"'
        case ast.Size(parts=parts):
            return "x".join(str(part) for part in parts)
        case ast.Tuple(items=items) | ast.Choice(items=items):
            inside = ", ".join(shown(item) for item in items)
            return f"({inside})" if isinstance(expression, ast.Tuple) else f"{{{inside}}}"
        case ast.Negative(operand=operand):
            return f"[- {shown(operand)}]"
        case ast.Named(name=name, value=value):
            return f"[{name.text}: {shown(value)}]"
        case (
            ast.Binary(sign=sign, left=left, right=right)
            | ast.Comparison(operator=sign, left=left, right=right)
        ):
            return f"[{shown(left)} {sign} {shown(right)}]"
        case ast.Chain(stages=stages):
            return f"[{' -> '.join(shown(stage) for stage in stages)}]"
        case ast.Call(function=function, arguments=arguments):
            given = [
                (f"{a.name.text}=" if a.name is not None else "") + shown(a.value)
                for a in arguments
            ]
            return f"[{shown(function)} of {', '.join(given)}]"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a + b + c", "[[a + b] + c]"),
        ("a - b - c", "[[a - b] - c]"),
        ("a - (b - c)", "[a - [b - c]]"),
        ("a + b * c", "[a + [b * c]]"),
        ("a * b + c", "[[a * b] + c]"),
        ("a / b * c", "[[a / b] * c]"),
        ("-a * b", "[[- a] * b]"),
        ("-a(b)", "[- [a of b]]"),
        ("--a", "[- [- a]]"),
        ("a -> b + c -> d", "[a -> [b + c] -> d]"),
        ("(a -> b) -> c", "[[a -> b] -> c]"),
        ("2 * (a -> b)", "[2 * [a -> b]]"),
        ("a(1)(b)", "[[a of 1] of b]"),
        ("a(b -> c, k = 1 + 2)", "[a of [b -> c], k=[1 + 2]]"),
        ("a()", "[a of ]"),
        ("(a)", "a"),
        ("(a, b)", "(a, b)"),
        ("{a, b(3)}", "{a, [b of 3]}"),
        ("{a, b}(c)", "[{a, b} of c]"),
        ("3 x 32 x 32", "3x32x32"),
        ("3x8", "3x8"),
        ("x3", "x3"),
        ('"a # b"', '"a # b"'),
    ],
)
def test_precedence(text: str, tree: str) -> None:
    assert shown(value(text)) == tree


@pytest.mark.parametrize(
    ("text", "trees"),
    [
        ("a <= 2", ["[a <= 2]"]),
        ("a(3)<2,b>=1", ["[[a of 3] < 2]", "[b >= 1]"]),
        ("a <=\n  2 * k + 1, b", ["[a <= [[2 * k] + 1]]", "b"]),
        ("a -> b, -a > (b -> c)", ["[a -> b]", "[[- a] > [b -> c]]"]),
        ("a: 3, b :\n  c -> d(2)", ["[a: 3]", "[b: [c -> [d of 2]]]"]),
    ],
)
def test_values_of_settings_may_be_comparisons_or_have_names(text: str, trees: list[str]) -> None:
    (section,) = program(f"derive {{\n  count {text}\n}}").items
    assert isinstance(section, ast.Section)
    assert [shown(expression) for expression in section.settings[0].values] == trees
    assert section.settings[0].values[0].span.text == text.split(",")[0]


@pytest.mark.parametrize(
    "text",
    ["let a = b: 2", "op a = (b: 2)", "cell a { keep (b: 2) }", "cell a { keep a: b: 2 }"],
)
def test_names_of_values_stand_nowhere_else(text: str) -> None:
    with pytest.raises(UserError, match="`:`"):
        program(text)


@pytest.mark.parametrize("text", ["let a = b < 2", "op a = (b < 2)", "cell a { keep (1 < 2) }"])
def test_comparisons_stand_nowhere_else(text: str) -> None:
    with pytest.raises(UserError, match="found `<`"):
        program(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("007", 7),
        ("0.025", 0.025),
        ("3e-4", 0.0003),
        ("1E+2", 100.0),
        ("50%", 0.5),
        ("7%", 0.07),
        ("2K", 2000),
        ("4M", 4_000_000),
        ("1.5G", 1.5e9),
        ("2s", 2.0),
        ("5ms", 0.005),
        ("0.3us", 3e-7),
        ("1000000000000000", 10**15),
    ],
)
def test_numbers(text: str, number: float) -> None:
    read = value(text)
    assert isinstance(read, ast.Number)
    assert read.value == number
    assert type(read.value) is type(number)
    assert read.text == text


def test_statements_end_with_lines_or_semicolons() -> None:
    lines = "let a = 1\nlet b = 2\n\n\nlet c = 3\n"
    assert program(lines) == program("let a = 1; let b = 2;; let c = 3;")
    assert program(lines) == program("\r\nlet a = 1\r\n\r\nlet b = 2 \r\n;\nlet c = 3")


@pytest.mark.parametrize(
    "text",
    [
        "ops s = a,\n  b,\n\n  c",
        "ops s =\n  a, b, c",
        "ops s = a, # one\n  # two\n  b, c",
    ],
)
def test_lists_go_on_after_a_comma(text: str) -> None:
    assert program(text) == program("ops s = a, b, c")


@pytest.mark.parametrize(
    "text",
    [
        "op f = a\n  -> b\n  | when stride 2:\n  c\n  | when derived: d",
        "op f = a ->\n  b |\n  when stride 2: c | when derived: d",
        "op f = (\n  a\n  -> b\n)\n# between\n| when stride 2: (\nc\n) | when derived: d",
    ],
)
def test_operations_go_on_before_and_after_signs(text: str) -> None:
    assert program(text) == program("op f = a -> b | when stride 2: c | when derived: d")


def test_lines_go_on_inside_of_parentheses() -> None:
    text = "let a = f(\n  1\n  ,\n  k = (2\n  ,\n  3)\n)\n"
    assert program(text) == program("let a = f(1, k = (2, 3))")


def test_blocks_may_be_written_in_one_line() -> None:
    text = "cell a like b {\n  stride 2\n\n  node n1 = c(d)\n}\n"
    assert program(text) == program("cell a like b { stride 2; node n1 = c(d) }")
    assert program(text) == program("cell a like b { stride 2\nnode n1 = c(d); }")


def test_a_section_needs_no_block() -> None:
    assert program("data digits") == program("data digits {\n}")


def spans(node: object) -> list[Span]:
    """Return the spans of a node and everything in it."""
    if isinstance(node, tuple):
        return [span for part in node for span in spans(part)]
    if not isinstance(node, Node):
        return []
    parts = [part for name, part in vars(node).items() if name != "span"]
    return [node.span, *(span for part in parts for span in spans(part))]


def test_spans_cover_what_was_written() -> None:
    text = "op f(k = 2) = a -> 2 * (b(k) -> c)\n  | when stride 2: d\ncell x { keep 1, 2 }\n"
    read = program(text)
    operation, cell = read.items
    assert isinstance(operation, ast.OpDef)
    assert isinstance(cell, ast.CellDef)
    assert operation.span.text == text.partition("\ncell")[0]
    assert operation.body.span.text == "a -> 2 * (b(k) -> c)"
    assert operation.parameters[0].span.text == "k = 2"
    assert operation.variants[0].span.text == "| when stride 2: d"
    assert isinstance(operation.body, ast.Chain)
    repeated = operation.body.stages[1]
    assert repeated.span.text == "2 * (b(k) -> c)"
    assert cell.span.text == "cell x { keep 1, 2 }"
    assert cell.statements[0].span.text == "keep 1, 2"
    assert len(spans(read.items)) == 26
    for span in spans(read.items):
        assert span.text.strip() == span.text
        assert span.text


def test_spans_know_their_lines() -> None:
    (_, second) = program("let a = 1\n\n  let b = 2").items
    assert (second.span.line, second.span.column, second.span.last_line) == (3, 3, 3)


def test_comments_are_kept_in_order() -> None:
    text = '# one\nuse "a#b.nas" # two\n#three  \nlet a = 1#'
    assert [c.text for c in program(text).comments] == ["# one", "# two", "#three", "#"]


def test_equality_ignores_places_and_comments() -> None:
    assert program("let  a=1 # x") == program("\n\nlet a = 1")
    assert program("let a = 1") != program("let a = 2")


def test_expressions_may_be_as_deep_as_the_limit() -> None:
    value("f(" * (MAX_DEPTH - 1) + "1" + ")" * (MAX_DEPTH - 1))
    value(" + ".join(["1"] * MAX_DEPTH))


def test_too_many_characters() -> None:
    with pytest.raises(UserError, match=r"error\[NAS003\]: file has 200,001 characters"):
        program("#" * (MAX_CHARACTERS + 1))


def test_pieces_are_read_as_the_whole_text_is() -> None:
    inside = "# one\nlet a = 1\ncell c {\nstates h\nlet v = h\noutput v }; use std.cnn"
    source = SourceFile("spec.nas", f"{inside}\nop f(k) = g(\n  k) \n\n| when derived: h\ndata t")
    whole = language_parser().parse(source.text, start="program")
    built = TreeBuilder(source, Diagnostics()).build_all(whole, 0)
    items = parse(source).items
    assert items == built
    assert spans(items) == spans(built)
    assert parse(source).items == items, "from what is kept, too"
