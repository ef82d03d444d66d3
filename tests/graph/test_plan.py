from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslnas.diagnostics import InternalError
from dslnas.graph.analysis.plan import DROPPED, Choice, Step, make_plan
from dslnas.graph.graph import INPUT, PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.space.derive.derive import derive
from tests.backends.reference_graphs import Graph
from tests.engines.small import OF_EDGES, SPACES, padded_scores, some_choice, space
from tests.examples import examples
from tests.strategies import SpaceText, spaces

PLACES = sorted(SPACES)
JOINS = {"mix", "add", "concat", "mean"}
EVERY_SPACE = pytest.mark.parametrize("name", PLACES)


def _assert_runs(steps: tuple[Step, ...], outputs: tuple[str, ...]) -> None:
    """Run a plan on names: everything read is there, and in the end only the outputs are left."""
    values = {INPUT}
    for step in steps:
        assert set(step.inputs) <= values, step.node.name
        assert step.node.name not in values
        values.add(step.node.name)
        assert set(step.last_use) <= values
        values -= set(step.last_use)
    assert values == set(outputs)


def _mixed(graph: PrimitiveGraph, choice: Choice) -> tuple[set[str], set[str]]:
    """Return what is chosen, an operation or a cell by its end, and what nothing chooses or reads.

    The end of a cell may be read by the next one as well.
    """
    picked: set[str] = set()
    others: set[str] = set()
    read: set[str] = set()
    for node in graph.nodes:
        if node.mix is None:
            read |= {*node.inputs}
            continue
        column = choice[node.mix.cell][node.mix.row]
        for place, source in enumerate(node.inputs):
            (picked if place == column else others).add(source)
    return picked, others - read - picked


@EVERY_SPACE
def test_without_a_choice_every_node_runs_in_the_order_of_the_graph(name: str) -> None:
    graph = build_supernet_graph(space(SPACES[name]))
    steps = make_plan(graph, graph.outputs)
    read = {node.name for node in graph.nodes[1:]} & graph.needed
    assert [s.node.name for s in steps] == [n.name for n in graph.nodes if n.name in read]
    for step in steps:
        assert step.inputs == step.node.inputs
        assert step.columns == tuple(range(len(step.node.inputs)))
        assert not step.observed
    _assert_runs(steps, graph.outputs)


@pytest.mark.parametrize("name", OF_EDGES)
@pytest.mark.parametrize("seed", range(4))
def test_with_a_choice_only_the_derived_networks_operations_run(name: str, seed: int) -> None:
    searched = space(SPACES[name])
    graph, choice = build_supernet_graph(searched), some_choice(searched, seed)
    steps = make_plan(graph, graph.outputs, choice)
    _assert_runs(steps, graph.outputs)
    # The phases of the library differ in the batch norm behind pools, but not in the edges.
    derived = build_derived_graph(derive(searched, padded_scores(searched, seed)))
    run = {_operation(s.node.name) for s in steps if s.node.primitive not in JOINS}
    assert run == {_operation(n.name) for n in derived.nodes[1:] if n.primitive not in JOINS}
    _, others = _mixed(graph, choice)
    assert not others & {s.node.name for s in steps}
    assert len(steps) < len(make_plan(graph, graph.outputs))


def _operation(name: str) -> str:
    """`cell0/n1_in2/sep_conv_3/1_conv` belongs to `cell0/n1_in2/sep_conv_3`."""
    return re.sub(r"/[^/]*$", "", name)


def test_a_chosen_operation_passes_its_own_column_on() -> None:
    graph = build_supernet_graph(space(SPACES["uneven"]))
    choice = {"wide": (1, DROPPED, 2, DROPPED), "narrow": (0, 1)}
    steps = {s.node.name: s for s in make_plan(graph, graph.outputs, choice)}
    assert steps["cell0/n1_in1"].inputs == ("cell0/n1_in1/skip_connect/0_identity",)
    assert steps["cell0/n1_in1"].columns == (1,)
    assert steps["cell0/n2_n1"].columns == (2,)
    assert steps["cell0/n1"].inputs == ("cell0/n1_in1",), "the dropped edge is not summed"
    assert "cell0/n1_in2" not in steps
    assert len(steps["cell0/n2"].inputs) == 2, "the fixed edge stays"


@EVERY_SPACE
@pytest.mark.parametrize("seed", range(4))
def test_observing_runs_everything_and_marks_what_the_choice_does_not_need(
    name: str, seed: int
) -> None:
    searched = space(SPACES[name])
    graph, choice = build_supernet_graph(searched), some_choice(searched, seed)
    steps = make_plan(graph, graph.outputs, choice, observe=True)
    everything = make_plan(graph, graph.outputs)
    assert [(s.node, s.inputs, s.columns) for s in steps] == [
        (s.node, s.inputs, s.columns) for s in everything
    ]
    _assert_runs(steps, graph.outputs)
    needed = {s.node.name for s in make_plan(graph, graph.outputs, choice)}
    for step in steps:
        unneeded = step.node.name not in needed
        assert step.observed == (unneeded and step.node.primitive != "mix"), step.node.name


def test_observing_without_a_choice_marks_nothing() -> None:
    graph = build_supernet_graph(space(SPACES["darts"]))
    assert make_plan(graph, graph.outputs, observe=True) == make_plan(graph, graph.outputs)


def test_both_outputs_of_a_training_network_stay() -> None:
    text = SPACES["darts"].replace("evaluate { ", "evaluate { auxiliary 0.4; ")
    searched = space(
        text.replace("network { ", "network { auxiliary global_avg_pool -> linear(classes); ")
    )
    graph = build_derived_graph(derive(searched, padded_scores(searched, 0)), training=True)
    assert len(graph.outputs) == 2
    _assert_runs(make_plan(graph, graph.outputs), graph.outputs)
    alone = make_plan(graph, (graph.output,))
    _assert_runs(alone, (graph.output,))
    assert not [s for s in alone if s.node.name.startswith("auxiliary")]


def test_an_output_that_another_output_reads_stays() -> None:
    graph = Graph((2, 3, 3)).add("a", "relu").add("b", "tanh").add("c", "relu").done()
    _assert_runs(make_plan(graph, ("c", "a")), ("a", "c"))


def test_a_dropped_edge_takes_with_it_what_goes_past_its_operations() -> None:
    graph = build_supernet_graph(space(SPACES["uneven"], "pc_darts"))
    choice = {"wide": (1, DROPPED, 2, DROPPED), "narrow": (0, 1)}
    steps = {s.node.name: s for s in make_plan(graph, graph.outputs, choice)}
    assert steps["cell0/n1_in1/mix"].columns == (1,)
    assert len(steps["cell0/n1_in1/concat"].inputs) == 2
    assert steps["cell0/n1"].inputs == ("cell0/n1_in1/shuffle/0_shuffle",)
    assert steps["cell0/n1"].columns == (0,)
    assert steps["cell0/n2_edges"].columns == (0,)
    assert steps["cell1/n1"].columns == (0, 1), "the weighed edges are no choice"
    assert not [name for name in steps if name.startswith("cell0/n1_in2")]
    _assert_runs(tuple(steps.values()), graph.outputs)


def test_a_node_that_reads_nothing_is_our_fault() -> None:
    graph = build_supernet_graph(space(SPACES["uneven"]))
    choice = {"wide": (DROPPED,) * 4, "narrow": (0, 0)}
    with pytest.raises(InternalError, match="nothing that `cell3/n1` reads is chosen"):
        make_plan(graph, graph.outputs, choice)


@settings(max_examples=examples(12))
@given(made=spaces(), seed=st.integers(0, 1000), observe=st.booleans())
def test_any_space_runs_and_frees_what_it_no_longer_needs(
    made: SpaceText, seed: int, observe: bool
) -> None:
    searched = made.space()
    graph = build_supernet_graph(searched)
    _assert_runs(make_plan(graph, graph.outputs), graph.outputs)
    choice = some_choice(searched, seed)
    steps = make_plan(graph, graph.outputs, choice, observe=observe)
    _assert_runs(steps, graph.outputs)
    _, others = _mixed(graph, choice)
    assert observe or not others & {s.node.name for s in steps}
