"""Operations and values that are written where they are used, instead of by a name."""

from __future__ import annotations

import pytest

from dslnas.diagnostics import UserError
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.language.print.format import format_program
from dslnas.language.syntax.parse import parse
from dslnas.source import SourceFile
from dslnas.space.text import cell_text
from tests.language.pipeline import complaint_about
from tests.spaces import space_of

HEAD = """use std.cnn
op named = relu -> conv(3)
op joined = multiply(conv(3), sigmoid)
op opened(f = relu) = f -> conv(3)
op thrice = 3 * (conv(1) -> tanh)
op residual(f) = f | when C_in = C and stride 1: add(f, identity)
op shrunk(f, n = 2) = conv(1, out = C / n) -> f -> conv(1)
op squeezed = conv(1, out = C / 2) -> residual(conv(1, out = C_in))
"""
NETWORK = """
network { stem conv(3, out = C); cells one; channels 4 }
evaluate { channels 4; auxiliary 0 }
"""


def cell_of(body: str, *, more: str = "") -> str:
    return f"{HEAD}{more}cell one {{\n inputs 2\n{body}\n}}{NETWORK}"


def graph_of(text: str) -> PrimitiveGraph:
    return build_supernet_graph(space_of(text))


def computed(graph: PrimitiveGraph) -> list[object]:
    """Return everything but the names of a graph."""
    places = {node.name: place for place, node in enumerate(graph.nodes)}
    return [
        (n.primitive, n.attributes, n.shape, [places[source] for source in n.inputs], n.mix)
        for n in graph.nodes
    ]


@pytest.mark.parametrize(
    ("inline", "named"),
    [
        ("(relu -> conv(3))", "named"),
        ("multiply(conv(3), sigmoid)", "joined"),
        ("(3 * (conv(1) -> tanh))", "thrice"),
        ("conv(1, out = C)", "conv(1)"),
        ("opened", "named"),
        ("residual(conv(3))", "add(conv(3), identity)"),
        ("residual(f = relu -> conv(3))", "add(named, identity)"),
        ("shrunk(conv(3, out = C_in))", "(conv(1, out = 2) -> conv(3, out = 2) -> conv(1))"),
        ("shrunk(residual(conv(3, out = C_in)), 1)", "(conv(1) -> residual(conv(3)) -> conv(1))"),
        ("(squeezed -> conv(1))", "(conv(1, out = 2) -> conv(1, out = 2) -> conv(1))"),
    ],
)
def test_an_operation_in_place_is_the_same_as_one_with_a_name(inline: str, named: str) -> None:
    nodes = "node n1 = {{{op}, skip_connect}}(in1) + {op}(in2)\n output n1"
    graphs = [graph_of(cell_of(nodes.format(op=op))) for op in (inline, named)]
    assert computed(graphs[0]) == computed(graphs[1])


def test_a_residual_is_one_only_where_the_shapes_match() -> None:
    plain = graph_of(cell_of("stride 2\n node n1 = residual(conv(3))(in1 + in2)\n output n1"))
    assert [node.primitive for node in plain.nodes if node.name.startswith("cell0/n1")] == [
        "add",
        "conv",
    ]


def test_sources_and_outputs_may_be_computed_in_place() -> None:
    named = cell_of(
        "let both = in1 + tanh(in2)\n node n1 = conv(3)(both)\n"
        " let out = concat(n1, relu(n1))\n output out"
    )
    inline = cell_of("node n1 = conv(3)(in1 + tanh(in2))\n output concat(n1, relu(n1))")
    assert computed(graph_of(named)) == computed(graph_of(inline))
    bare = cell_of("node n1 = conv(3)(in1) + in2\n output n1 + in1")
    assert [node.primitive for node in graph_of(bare).nodes][2:6] == [
        "conv",
        "identity",
        "add",
        "add",
    ]


@pytest.mark.parametrize("join", ["concat", "sum", "mean"])
def test_an_output_joins_inputs_like_nodes(join: str) -> None:
    nodes = "node n1 = {conv(3), skip_connect}(in1) + conv(1)(in2)\n "
    graph = graph_of(cell_of(f"{nodes}output {join}(n1, in1)"))
    named = cell_of(f"{nodes}let same = in1\n output {join}(n1, same)")
    assert computed(graph) == computed(graph_of(named))
    cell = cell_text(space_of(cell_of(f"{nodes}output {join}(n1, in1)")).cells["one"])
    assert computed(graph_of(f"{HEAD}{cell}{NETWORK}")) == computed(graph)


def test_a_derived_cell_is_written_with_what_stands_in_place() -> None:
    text = cell_of(
        "node n1 = (relu -> conv(1, out = 2 * C))(in1 + in2)\n"
        " node n2 = residual(conv(3))(n1)\n output relu(n2)"
    )
    space = space_of(text)
    again = f"{HEAD}{cell_text(space.cells['one'])}{NETWORK}"
    assert (
        format_program(parse(SourceFile("again", again))).count("(relu -> conv(1, out = 2 * C))")
        == 1
    )
    assert computed(graph_of(again)) == computed(graph_of(text))


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ("residual(3)", "expected an operation, found `3`"),
        ("residual(cnov(3))", "unknown operation `cnov`"),
        ("shrunk(relu, relu)", "unknown constant `relu`"),
        ("residual", "`residual` needs `f`"),
        ("(relu -> konv(3))", "unknown operation `konv`"),
        ("used_twice(relu)", "`f` is an operation, not a number"),
        ("called(relu)", "`f` is an operation already, with its arguments"),
    ],
)
def test_what_is_wrong_with_an_operation_in_place_is_said(operation: str, message: str) -> None:
    more = {
        "used_twice(relu)": "op used_twice(f) = f -> conv(f)\n",
        "called(relu)": "op called(f) = f(3)\n",
    }.get(operation, "")
    assert message in complaint_about(
        cell_of(f"node n1 = {operation}(in1 + in2)\n output n1", more=more)
    )


def test_a_choice_inside_of_a_choice_is_a_mistake() -> None:
    said = complaint_about(cell_of("node n1 = {{relu, tanh}, conv(3)}(in1 + in2)\n output n1"))
    assert "choice inside of a choice, found `{relu, tanh}`" in said


def test_roots_are_whole_where_they_come_out_even() -> None:
    graph = graph_of(cell_of("node n1 = conv(sqrt(9), out = sqrt(C * C))(in1 + in2)\n output n1"))
    assert ("kernel", (3, 3)) in graph.by_name[
        "cell0/n1_n1_in/conv_sqrt_9_out_sqrt_C_C/0_conv"
    ].attributes
    assert "-1 has no root" in complaint_about("let a = sqrt(0 - 1)")


def test_conditions_compare_sizes_and_parameters() -> None:
    more = "op wide(k) = conv(k) | when k < 3 and H_in >= 8: relu | when W_in = 8: tanh\n"
    made = [
        graph_of(cell_of(f"node n1 = wide({k})(in1 + in2)\n output n1", more=more))
        .nodes[3]
        .primitive
        for k in (1, 3)
    ]
    assert made == ["relu", "tanh"]
    with pytest.raises(UserError, match="unknown constant `width`"):
        graph_of(cell_of("output in1 + in2", more="op odd = relu | when width = 3: tanh\n"))
