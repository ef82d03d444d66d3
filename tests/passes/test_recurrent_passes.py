"""Passes on random recurrent supernets: the same values, gradients and states, in float64."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.passes.manager import USUAL, optimised
from dslnas.passes.share_equal import share_equal
from dslnas.passes.stack_edges import stack_edges
from dslnas.space.derive.derive import derive
from tests.examples import examples
from tests.graph.recurrent import recurrent_spaces
from tests.passes.same import (
    CLASSES,
    DROPOUT,
    assert_same,
    network_of,
    random_alphas,
    what_it_gives,
)
from tests.spaces import random_scores, space_of


def supernet(text: str) -> PrimitiveGraph:
    return build_supernet_graph(space_of(text, (), classes=CLASSES))


def assert_fast_is_plain(graph: PrimitiveGraph, *, training: bool) -> None:
    network, alphas = network_of(graph), random_alphas(graph)
    assert isinstance(network, SequenceNetwork)
    network.run_state.dropout = DROPOUT
    expected = what_it_gives(network, alphas, training=training)
    network.plain, network.passes = False, USUAL
    assert_same(what_it_gives(network, alphas, training=training), expected)


# ---- the same mathematics -----------------------------------------------------------------------


@settings(max_examples=examples(12))
@given(recurrent_spaces(), st.booleans())
def test_the_fast_step_is_the_plain_one(text: str, training: bool) -> None:
    assert_fast_is_plain(supernet(text), training=training)


@settings(max_examples=examples(10))
@given(recurrent_spaces(), st.integers(0, 9), st.booleans())
def test_of_a_derived_network_too(text: str, seed: int, training: bool) -> None:
    space = space_of(text, (), classes=CLASSES)
    architecture = derive(space, random_scores(space, seed))
    assert_fast_is_plain(build_derived_graph(architecture, training=True), training=training)


# ---- what is easily got wrong -------------------------------------------------------------------

HEAD = "\nnetwork { channels 4; stem embedding; head tied_linear; cells one }\n"


def one_cell(body: str, more: str = "") -> str:
    return f"use std.rnn\n{more}cell one {{\ninputs x\nstates h\n{body}\n}}{HEAD}"


def test_edges_with_the_same_operations_in_other_columns_are_weighed_by_their_own() -> None:
    text = one_cell("node n1 = {none, tanh}(x) + {tanh, none}(h)\noutput last")
    assert_fast_is_plain(supernet(text), training=True)


def test_a_state_and_the_output_may_be_the_same_as_another_value() -> None:
    body = "let a = tanh(x + h)\nlet b = tanh(x + h)\noutput b\nnext a"
    text = one_cell(body)
    assert [s.next for s in share_equal(supernet(text)).states] == ["cell0/a/0_tanh"]
    assert_fast_is_plain(supernet(text), training=True)


def test_a_next_state_that_depends_on_no_state_is_kept_for_the_loop() -> None:
    body = "let a = tanh(x)\nlet b = relu(a)\noutput c\nlet c = b + h\nnext a"
    assert_fast_is_plain(supernet(one_cell(body)), training=True)
    body = "let b = relu(x)\noutput c\nlet c = b + h\nnext x"
    assert_fast_is_plain(supernet(one_cell(body)), training=True)


def test_states_may_be_exchanged() -> None:
    text = one_cell("let a = tanh(x + h)\nnext a, h\noutput b\nlet b = a + c")
    assert_fast_is_plain(supernet(text.replace("states h", "states h, c")), training=True)


def test_two_cells_never_share_a_mask() -> None:
    text = """use std.rnn
    cell one { inputs a, x; states h; let y = drop_input(a) + drop_input(x) * h; output y }
    network { channels 4; stem embedding; head tied_linear; cells one * 2 }
    """
    assert_fast_is_plain(supernet(text), training=True)


def test_masks_do_not_depend_on_what_is_taken_out_of_the_loop() -> None:
    body = "let y = linear(C)(concat(drop_state(h), drop_input(x)))\noutput y"
    assert_fast_is_plain(supernet(one_cell(body)), training=True)


@pytest.mark.parametrize("output", ["n2", "mean"])
def test_of_two_nodes_that_read_the_same_only_one_may_be_carried(output: str) -> None:
    nodes = [f"node n{n} = {{tanh, relu}}(x) + {{tanh, relu}}(h)" for n in (1, 2)]
    text = one_cell("\n".join([*nodes, "next n1", f"output {output}"]))
    assert_fast_is_plain(supernet(text), training=True)


@pytest.mark.parametrize("head", ["tanh", "multiply(identity, tanh)"])
def test_the_head_may_do_again_what_the_cell_does(head: str) -> None:
    text = one_cell("let y = linear(C)(x) + h\nlet z = tanh(y)\nnext z\noutput y")
    text = text.replace("head tied_linear", f"head {head} -> tied_linear")
    assert_fast_is_plain(supernet(text), training=True)


def test_edges_with_weights_of_their_own_stay_apart() -> None:
    graph = supernet(
        one_cell("node n1 = {own, tanh}(x) + {own, tanh}(h)\noutput last", "op own = linear(C)\n")
    )
    assert stack_edges(graph) == graph


def test_a_node_of_darts_is_one_product_and_one_gate() -> None:
    graph = optimised(supernet("use papers.darts_rnn\nnetwork { channels 4 }"))
    inside = [node for node in graph.nodes if node.name.startswith("cell0/n")]
    assert sum(node.primitive == "linear" for node in inside) == 8
    assert sum(node.primitive == "highway_gate" for node in inside) == 8
    assert sum(node.primitive == "drop_state" for node in inside) == 8  # one for every source
    assert len(inside) <= 8 * 6
