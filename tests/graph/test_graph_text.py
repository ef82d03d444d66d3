"""The textual form of the primitive graph: what it looks like, and that nothing gets lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslnas.graph.graph import Mix, PrimitiveGraph, Scope, State
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.graph.text import print_graph
from dslnas.graph.verify import verify_graph
from dslnas.space.derive.derive import derive
from tests.examples import examples
from tests.graph.recurrent import recurrent_spaces
from tests.graph_text import parse_graph
from tests.spaces import random_scores, space_of
from tests.strategies import SpaceText, spaces

SMALL = """use std.cnn
cell one {
    inputs  1
    node n1 = {none, sep_conv(3)}(in1) + max_pool(3)(in1)
    output  last
    stride  2
}
network {
    channels  4
    stem      conv(3, out = C)
    cells     one
}
evaluate { channels 4 }
"""

SMALL_TEXT = """\
alpha one 1 x 2
input = input : 3 x 9 x 8
scope stem = stem "stem"
stem/0_conv = conv(kernel=3, out=4) input : 4 x 9 x 8
scope cell0 = cell "one"
scope cell0/n1_in1 = edge "in1 -> n1"
scope cell0/n1_in1/none = operation "none"
cell0/n1_in1/none/0_zero = zero(stride=2) stem/0_conv : 4 x 5 x 4
scope cell0/n1_in1/sep_conv_3 = operation "sep_conv(3)"
cell0/n1_in1/sep_conv_3/0_relu = relu stem/0_conv : 4 x 9 x 8
cell0/n1_in1/sep_conv_3/1_conv = conv(kernel=3, out=4, stride=2, groups=4) \
cell0/n1_in1/sep_conv_3/0_relu : 4 x 5 x 4
cell0/n1_in1/sep_conv_3/2_conv = conv(kernel=1, out=4) \
cell0/n1_in1/sep_conv_3/1_conv : 4 x 5 x 4
cell0/n1_in1/sep_conv_3/3_batch_norm = batch_norm(affine=false) \
cell0/n1_in1/sep_conv_3/2_conv : 4 x 5 x 4
cell0/n1_in1/sep_conv_3/4_relu = relu cell0/n1_in1/sep_conv_3/3_batch_norm : 4 x 5 x 4
cell0/n1_in1/sep_conv_3/5_conv = conv(kernel=3, out=4, groups=4) \
cell0/n1_in1/sep_conv_3/4_relu : 4 x 5 x 4
cell0/n1_in1/sep_conv_3/6_conv = conv(kernel=1, out=4) \
cell0/n1_in1/sep_conv_3/5_conv : 4 x 5 x 4
cell0/n1_in1/sep_conv_3/7_batch_norm = batch_norm(affine=false) \
cell0/n1_in1/sep_conv_3/6_conv : 4 x 5 x 4
cell0/n1_in1 = mix one[0] cell0/n1_in1/none/0_zero, cell0/n1_in1/sep_conv_3/7_batch_norm : 4 x 5 x 4
scope cell0/n1_in1_2 = edge "in1 -> n1"
scope cell0/n1_in1_2/max_pool_3 = operation "max_pool(3)"
cell0/n1_in1_2/max_pool_3/0_max_pool2d = max_pool2d(kernel=3, stride=2) stem/0_conv : 4 x 5 x 4
cell0/n1_in1_2/max_pool_3/1_batch_norm = batch_norm(affine=false) \
cell0/n1_in1_2/max_pool_3/0_max_pool2d : 4 x 5 x 4
cell0/n1 = add cell0/n1_in1, cell0/n1_in1_2/max_pool_3/1_batch_norm : 4 x 5 x 4
scope head = head "head"
head/0_global_avg_pool = global_avg_pool cell0/n1 : 4 x 1 x 1
head/1_linear = linear(out=10) head/0_global_avg_pool : 10
output head/1_linear
"""


def small() -> PrimitiveGraph:
    return build_supernet_graph(space_of(SMALL, (3, 9, 8)))


# ---- round trips --------------------------------------------------------------------------------


@settings(max_examples=examples(12))
@given(spaces())
def test_random_supernets_survive_the_round_trip(text: SpaceText) -> None:
    graph = build_supernet_graph(text.space())
    assert parse_graph(print_graph(graph)) == graph


@settings(max_examples=examples(8))
@given(spaces(), st.integers(0, 100))
def test_random_derived_networks_survive_the_round_trip(text: SpaceText, seed: int) -> None:
    space = text.space()
    architecture = derive(space, random_scores(space, seed))
    for training in (False, True):
        graph = build_derived_graph(architecture, training=training)
        assert parse_graph(print_graph(graph)) == graph


def test_printing_is_a_fixed_point() -> None:
    assert print_graph(parse_graph(SMALL_TEXT)) == SMALL_TEXT


@settings(max_examples=examples(50))
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_label_survives_the_round_trip(label: str) -> None:
    graph = parse_graph("input = input : 4\noutput input")
    labelled = replace(graph, scopes=(Scope("stem", "stem", label),))
    assert parse_graph(print_graph(labelled)) == labelled


# ---- form ---------------------------------------------------------------------------------------


def test_a_node_is_a_line_and_scopes_stand_before_their_nodes() -> None:
    assert print_graph(small()) == SMALL_TEXT


def test_weights_are_made_anew() -> None:
    graph = parse_graph(SMALL_TEXT)
    assert [w.name for w in graph.by_name["head/1_linear"].weights] == ["weight", "bias"]
    assert graph.params() == small().params() > 0


@pytest.mark.parametrize(
    "call",
    [
        "conv(kernel=(1, 3), out=2)",
        "conv(kernel=3, out=2, stride=(1, 2), padding=0, dilation=2, groups=2, bias=true)",
        "conv(kernel=5, out=2, padding=(0, 1))",
        "batch_norm(affine=true, eps=0.001, momentum=0.25)",
        "leaky_relu(slope=0.3)",
        "dropout(rate=0.0)",
        "split(parts=2, index=0)",
        "shuffle(groups=2)",
        "shift(pixels=2)",
        "reshape(sizes=(16, 16))",
        "reshape(sizes=(4, 8, 8))",
        "reshape(sizes=(256))",
    ],
)
def test_only_unusual_arguments_are_written(call: str) -> None:
    text = f"input = input : 4 x 8 x 8\na = {call} input : 2 x 8 x 8\noutput a\n"
    assert print_graph(parse_graph(text)) == text


def test_usual_arguments_are_filled_in() -> None:
    text = "input = input : 4 x 8 x 8\na = conv(kernel=5, out=2, dilation=2) input : 2 x 8 x 8\n"
    node = parse_graph(f"{text}output a").by_name["a"]
    assert dict(node.attributes) == {
        "kernel": (5, 5),
        "out": 2,
        "stride": (1, 1),
        "padding": (4, 4),
        "dilation": (2, 2),
        "groups": 1,
        "bias": False,
    }


def test_small_and_large_numbers_are_exact() -> None:
    for eps in (1e-300, 1.2345678901234567e-05, 123456789.12345679, 1e22, 0.5):
        written = (
            f"input = input : 4\na = batch_norm(affine=false, eps={eps!r}) input : 4\noutput a"
        )
        graph = parse_graph(written)
        assert graph.by_name["a"].attribute("eps") == eps
        assert parse_graph(print_graph(graph)) == graph


def test_comments_and_empty_lines_mean_nothing() -> None:
    text = "\n# a comment\r\n\ninput = input : 4 # another\n\n   output input\n\n#"
    assert parse_graph(text) == parse_graph("input = input : 4\noutput input")


def test_words_that_start_a_statement_are_names_anywhere_else() -> None:
    text = """\
alpha output 1 x 2
input = input : 4
scope scope = alpha "scope"
alpha = relu input : 4
output = mix output[0] alpha, input : 4
scope = add alpha, output : 4
x = relu scope : 4
output x, output
"""
    graph = parse_graph(text)
    assert graph.outputs == ("x", "output")
    assert parse_graph(print_graph(graph)) == graph


def test_scopes_without_nodes_are_kept_in_order() -> None:
    graph = parse_graph('input = input : 4\nscope a = cell "a"\nscope b = cell "b"\noutput input')
    assert [scope.path for scope in graph.scopes] == ["a", "b"]
    assert parse_graph(print_graph(graph)) == graph


STEP = """\
alpha one 3 x 3
input = input : token
token = embedding(out=4, words=7) input : 4
with = state(out=4) : 4
carry = relu with : 4
a = linear(out=4) carry : 4
b = linear(out=4) token : 4 with weight = a/weight, bias = a/bias
c = stack a, b : 4
d = mix one[0:2]{1, 2} c, c : 4
e = sum_stack(groups=2) d : 4
f = share one[2]{0, 2} e : 4
g = mix one[2]{2} f : 4
h = tied_linear(out=7) g : 7 with weight = token/weight
carry with = g
output h
"""


def test_a_step_in_time_survives_the_round_trip() -> None:
    graph = parse_graph(STEP)
    verify_graph(graph)
    assert print_graph(graph) == STEP
    assert graph.is_sequence
    assert graph.inputs[""].shape == ()
    assert graph.states == (State("with", "g"),)
    assert graph.by_name["d"].mix == Mix("one", 0, 2, (1, 2))
    assert graph.by_name["f"].mix == Mix("one", 2, 1, (0, 2))


def test_what_is_borrowed_is_counted_once() -> None:
    graph = parse_graph(STEP)
    assert graph.by_name["b"].owned == ()
    assert graph.by_name["b"].tensors == ("a/weight", "a/bias")
    assert [w.name for w in graph.by_name["h"].owned] == ["bias"]
    assert graph.by_name["h"].tensors == ("token/weight", "h/bias")
    assert graph.params() == 7 * 4 + (4 * 4 + 4) + 7


OWN = """\
input = input : 2 x 3 x 3
searched = conv(kernel=1, out=2, bias=true) input : 2 x 3 x 3 searched
fixed = conv(kernel=1, out=1, bias=true) searched : 1 x 3 x 3 fixed 0.25, -1e-07, 3.0
norm = batch_norm(affine=true) fixed : 1 x 3 x 3 searched
head = linear(out=2) norm : 2
output head
"""


def test_weights_of_the_architecture_survive_the_round_trip() -> None:
    graph = parse_graph(OWN)
    verify_graph(graph)
    assert print_graph(graph) == OWN
    weights = {name: [*node.weights] for name, node in graph.by_name.items()}
    assert all(weight.searched for weight in weights["searched"])
    assert [weight.values for weight in weights["fixed"]] == [(0.25, -1e-07), (3.0,)]
    assert [w.searched for w in weights["norm"]] == [True, True, False, False]


@settings(max_examples=examples(8))
@given(recurrent_spaces())
def test_random_recurrent_supernets_survive_the_round_trip(text: str) -> None:
    graph = build_supernet_graph(space_of(text, (), classes=5))
    verify_graph(graph)
    assert parse_graph(print_graph(graph)) == graph
