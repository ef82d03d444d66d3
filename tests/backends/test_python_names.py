"""Whatever a user calls his things, the module is valid Python and computes the same."""

from __future__ import annotations

import ast
import keyword
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from torch import nn

from dslnas.backends.python.identifiers import (
    ATTRIBUTES,
    Names,
    camel_case,
    class_names,
    snake_case,
)
from dslnas.backends.python.module import PythonModule
from dslnas.diagnostics import UserError
from dslnas.graph.graph import PrimitiveGraph
from tests.backends.python_modules import assert_computes_the_same, check_style, generate
from tests.backends.python_networks import graph_of
from tests.backends.reference_graphs import network
from tests.examples import examples

AWKWARD = [
    *keyword.kwlist,
    *("self", "torch", "nn", "super", "int", "print", "load", "load_file", "Path", "Network"),
    *("forward", "train", "eval", "type", "to", "half", "load_state_dict", "children", "training"),
    *("x", "y", "images", "logits", "stem", "head", "cell0", "channels", "in1_channels", "output"),
    *("l", "O", "__init__", "__class__", "_", "__", "_x", "X", "N1", "n1_2", "n1_in1", "Shift"),
    *("Zero", "Split", "CLASSES", "model", "parameters", "a" * 90, "a" * 91, "a1", "A1"),
]
HOSTILE = [
    'end""" + __import__("os").system("false") + """',
    "two\nlines",
    "back\\slash",
    "ends in a backslash\\",
    "'''",
    "\\N{BULLET} \\x00 \\u12",
    "tab\tnull\0bell\a",
    "naïve 猫 \u202e \udc80",
    "{{ name }} {% if %} {# #}",
    "%s {0} $x",
    "",
    "   ",
    "Args:",
    "word " * 40,
    "w" * 300,
]


def named(cell: str, operation: str, nodes: list[str]) -> PrimitiveGraph:
    """Return a network whose cell, operation and nodes have these names."""
    chain = [
        f"node {node} = {operation}({before}) + conv(1)({before})"
        for node, before in zip(nodes, ["in1", *nodes], strict=False)
    ]
    body = "\n".join(chain)
    return network(
        f"""use std.cnn
        op {operation} = multiply(identity, conv(3) -> sigmoid)
        cell {cell} {{
            inputs 1
            {body}
            output sum({", ".join(nodes)})
        }}
        network {{
            stem  conv(3, out = C)
            head  linear(classes)
            cells {cell} * 2
        }}
        """,
        overrides=("evaluate.channels=4",),
    )


names = st.one_of(
    st.sampled_from(AWKWARD), st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
)


@given(names, names, st.lists(names, min_size=1, max_size=4, unique=True))
@example("class", "lambda", ["self", "torch", "l", "None"])
@example("Network", "Shift", ["n1", "N1", "n1_", "n1_2"])
@example("load_state", "dict", ["load", "load_state", "train", "x"])
@settings(max_examples=examples(15))
def test_any_names_give_a_module_that_computes_the_same(
    cell: str, operation: str, nodes: list[str]
) -> None:
    try:
        graph = named(cell, operation, nodes)
    except UserError:
        assume(False)
    assert_computes_the_same(graph)


def test_awkward_names_are_formatted_and_free_of_findings(tmp_path: Path) -> None:
    written = 0
    for number in range(0, len(AWKWARD), 2):
        nodes = [*AWKWARD[number : number + 4]]
        try:
            graph = named(nodes[-1], nodes[0], nodes)
        except UserError:
            continue  # a word of the language itself
        written += 1
        (tmp_path / f"m{number}.py").write_text(generate(graph).source, encoding="utf-8")
    assert written > len(AWKWARD) / 3
    check_style(tmp_path.glob("*.py"))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.sample(6)
def test_text_of_a_user_stays_text(tmp_path: Path, text: str) -> None:
    graph = graph_of("squeeze_excite")
    plain = PythonModule(graph).source(name="n", metadata={"k": "v"}, class_names=["c"])
    label = text[:60]
    source = PythonModule(graph).source(
        name=text, metadata={"spec": text, text: "v"}, class_names=[label]
    )
    assert _code(source) == _code(plain)
    assert source.isascii()
    assert _class_names(source) == (label,)
    (tmp_path / "module.py").write_text(source, encoding="utf-8")
    check_style([tmp_path / "module.py"])


@given(
    st.text(), st.dictionaries(st.text(), st.text(), max_size=2), st.lists(st.text(), max_size=3)
)
@settings(max_examples=examples(15))
def test_any_text_stays_text(name: str, metadata: dict[str, str], classes: list[str]) -> None:
    graph = graph_of("squeeze_excite")
    plain = PythonModule(graph).source(name="n", metadata={}, class_names=["c"] * bool(classes))
    source = PythonModule(graph).source(name=name, metadata=metadata, class_names=classes)
    assert _code(source) == _code(plain)
    assert _class_names(source) == tuple(classes)
    assert max(map(len, source.partition("CLASSES")[0].splitlines())) <= 100


def _code(source: str) -> str:
    """Return everything but the docstring and the names of classes."""
    _, *statements = ast.parse(source).body
    return "\n".join(ast.dump(s) for s in statements if not isinstance(s, ast.Assign))


def _class_names(source: str) -> Any:
    values = [s.value for s in ast.parse(source).body if isinstance(s, ast.Assign)]
    return ast.literal_eval(values[0]) if values else ()


def test_attributes_of_modules_are_not_given_away() -> None:
    public = {name for name in dir(nn.Module()) if not name.startswith("_")}
    assert {name for name in public if name == name.lower()} <= ATTRIBUTES


@pytest.mark.parametrize(
    ("text", "snake", "camel"),
    [
        ("sep_conv(3)", "sep_conv_3", "SepConv3"),
        ("conv_1xk_kx1", "conv_1xk_kx1", "Conv1xkKx1"),
        ("__x__", "x", "X"),
        ("3x3", "v3x3", "Op3x3"),
        ("__", "value", "Value"),
    ],
)
def test_names_become_identifiers(text: str, snake: str, camel: str) -> None:
    assert (snake_case(text), camel_case(text)) == (snake, camel)


def test_reserved_and_taken_names_are_varied() -> None:
    taken = Names(ATTRIBUTES, 8)
    assert [
        taken.take(wish) for wish in ("class", "a", "a", "class", "train", "a" * 9, "a" * 10)
    ] == [*("class_", "a", "a_2", "class_2", "train_", "a" * 8, "aaaaaa_2")]
    classes = class_names()
    assert [classes.take("Network"), classes.take("Network")] == ["NetworkOp", "NetworkOp2"]
