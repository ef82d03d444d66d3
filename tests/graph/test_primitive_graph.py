"""Questions that a graph answers about itself."""

from __future__ import annotations

import networkx as nx
import pytest

from dslnas.graph.graph import flops_of
from tests.graph_text import parse_graph

GRAPH = parse_graph("""\
input = input : 3 x 8 x 8
stem/0_conv = conv(kernel=3, out=4, bias=true) input : 4 x 8 x 8
stem/1_batch_norm = batch_norm(affine=true) stem/0_conv : 4 x 8 x 8
stem2/0_relu = relu stem/1_batch_norm : 4 x 8 x 8
head = linear(out=5, bias=false) stem/1_batch_norm : 5
second = linear(out=5) stem2/0_relu : 5
output head, second
""")


def test_params_are_the_trained_weights() -> None:
    assert GRAPH.params() == (4 * 3 * 9 + 4) + (4 + 4) + 4 * 64 * 5 + (4 * 64 * 5 + 5)


def test_flops_are_those_of_the_nodes() -> None:
    by_node = {node.name: flops_of(node, GRAPH.by_name) for node in GRAPH.nodes}
    assert {name: flops for name, flops in by_node.items() if flops} == {
        "stem/0_conv": 64 * 4 * 3 * 9,
        "head": 256 * 5,
        "second": 256 * 5,
    }
    assert GRAPH.flops() == sum(by_node.values())


def test_under_a_path_are_its_nodes_and_no_others() -> None:
    assert [n.name for n in GRAPH.under("stem")] == ["stem/0_conv", "stem/1_batch_norm"]
    assert [n.name for n in GRAPH.under("head")] == ["head"]


def test_needed_is_what_an_output_depends_on() -> None:
    assert GRAPH.needed == set(GRAPH.by_name)
    without_second = parse_graph(
        "input = input : 4\na = relu input : 4\nb = tanh a : 4\nc = elu a : 4\noutput c"
    )
    assert without_second.needed == {"input", "a", "c"}


def test_the_dag_has_an_edge_per_read_value() -> None:
    assert nx.is_directed_acyclic_graph(GRAPH.dag)
    assert set(GRAPH.dag.predecessors("head")) == {"stem/1_batch_norm"}
    assert GRAPH.dag.nodes["head"]["node"] is GRAPH.by_name["head"]


def test_the_dag_tells_the_inputs_of_a_node_apart() -> None:
    graph = parse_graph("input = input : 4\na = relu input : 4\nb = subtract a, a : 4\noutput b")
    assert sorted(graph.dag.in_edges("b", keys=True)) == [("a", "b", 0), ("a", "b", 1)]
    assert graph.readers == {"input": ["a"], "a": ["b", "b"], "b": [""]}
    with pytest.raises(nx.NetworkXError):
        graph.dag.remove_node("a")


def test_attributes_have_names() -> None:
    conv = GRAPH.by_name["stem/0_conv"]
    assert conv.attribute("padding") == (1, 1)
    with pytest.raises(KeyError):
        conv.attribute("slope")


def test_outputs_are_the_logits_and_the_second_logits() -> None:
    assert GRAPH.outputs == ("head", "second")
    assert GRAPH.inputs[""].shape == (3, 8, 8)
