"""The division of a recurrent step around the loop over time."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given, settings

from dslnas.graph.analysis.time_loop import TimeLoop, time_loop
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_supernet_graph
from tests.examples import examples
from tests.graph.recurrent import recurrent_spaces
from tests.graph_text import parse_graph
from tests.spaces import space_of

NORMED = """input = input : token
stem/e = embedding(out=4, words=9) input : 4
scope cell0 = cell "one"
cell0/h = state(out=4) : 4
cell0/x = {layer} stem/e : 4
cell0/a = add cell0/x, cell0/h : 4
head/d = dropout cell0/a : 4
head/l = linear(out=9) head/d : 9
carry cell0/h = cell0/a
output head/l
"""


def divided(graph: PrimitiveGraph, *, predicts: bool) -> TimeLoop[str]:
    reads = {node.name: node.inputs for node in graph.nodes if node.inputs}
    return time_loop(graph, reads, (graph.output,), predicts=predicts)


@pytest.mark.parametrize("layer", ["batch_norm(affine=false)", "dropout", "drop_path"])
def test_a_layer_that_differs_from_step_to_step_while_training_is_free_in_prediction(
    layer: str,
) -> None:
    graph = parse_graph(NORMED.format(layer=layer))
    training, predicting = (divided(graph, predicts=p) for p in (False, True))
    assert training.body == ("cell0/x", "cell0/a")
    assert (predicting.before, predicting.body) == (("stem/e", "cell0/x"), ("cell0/a",))
    assert training.head == predicting.head == ("head/d", "head/l"), "in no cell nothing is bound"


def test_a_state_that_is_read_behind_the_loop_is_collected() -> None:
    text = NORMED.format(layer="relu").replace("dropout cell0/a", "dropout cell0/h")
    loop = divided(parse_graph(text), predicts=False)
    assert loop.collected == ("cell0/h",)


@given(recurrent_spaces())
@settings(max_examples=examples(12))
def test_the_loop_is_what_lies_between_states_before_and_after_the_step(text: str) -> None:
    graph = build_supernet_graph(space_of(text, (), classes=5))
    loop = divided(graph, predicts=True)
    behind = nx.transitive_closure_dag(
        nx.DiGraph(graph.dag), topo_order=[n.name for n in graph.nodes]
    )
    befores = {state.name for state in graph.states}
    nexts = {state.next for state in graph.states}
    between = {
        node.name
        for node in graph.nodes
        if befores & set(behind.predecessors(node.name))
        and nexts & {node.name, *behind.successors(node.name)}
    }
    assert set(loop.body) == between - befores
    parts = [*loop.before, *loop.body, *loop.after, *loop.head]
    assert sorted(parts) == sorted(node.name for node in graph.nodes if node.inputs)
    assert not [n for n in loop.before if set(behind.predecessors(n)) & {*befores, *between}]
