"""The check without a graph against the graph: the same shapes, weights and number of nodes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings

from dslnas.diagnostics import UserError
from dslnas.graph.analysis.size import MOST_NODES, check_final, check_search
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph, lower_network
from dslnas.space.architecture import Architecture
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from tests.examples import examples
from tests.graph.recurrent import recurrent_spaces
from tests.spaces import CIFAR, random_scores, space_of
from tests.strategies import SpaceText, spaces


@given(spaces())
@settings(max_examples=examples(20))
def test_what_passes_the_check_can_be_built_and_has_no_more_weights(text: SpaceText) -> None:
    space = text.space()
    params = check_search(space)
    check_final(space)
    graph = build_supernet_graph(space)
    assert params >= graph.params()  # the graph drops what no output reads
    assert nodes_in(space) + int(len(space.network.widths) > 1) >= len(graph.nodes)
    architecture = derive(space, random_scores(space, 0))
    final = build_derived_graph(architecture, training=True)
    assert check_final(architecture) >= final.params()
    assert nodes_in(architecture) >= len(final.nodes)


@pytest.mark.parametrize("groups", [1, 2])
def test_of_several_widths_slices_are_counted_once_and_other_weights_for_each(groups: int) -> None:
    space = space_of(
        f"""
        use std.cnn
        cell one {{ inputs 1; node n1 = conv(3, groups = {groups})(in1); output n1 }}
        network {{
            stem conv(3, out = C); cells one * 2; head linear(classes); channels {{2, 6, 4}}
        }}
        """
    )
    graph = build_supernet_graph(space)
    (widest,) = (one for one in space.network.each_width if one.channels == 6)
    alone = lower_network(space, widest, derived=False).params
    beside = 2 * (2 * 1 * 9 + 4 * 2 * 9) if groups == 2 else 0  # no weight leads across groups
    assert check_search(space) == graph.params() == alone + beside


def nodes_in(space: SearchSpace | Architecture) -> int:
    """Return what is checked: the nodes of the supernet, or of the network that is trained."""
    derived = isinstance(space, Architecture)
    return sum(
        lower_network(space, one, derived=derived, training=derived).node_count
        for one in space.network.each_width
    )


def assert_exact(space: SearchSpace) -> None:
    """Compare the sizes of a supernet, and of a network found in it, with their graphs."""
    graph = build_supernet_graph(space)
    assert nodes_in(space) == len(graph.nodes)
    assert check_search(space) == graph.params()
    architecture = derive(space, random_scores(space, 1))
    final = build_derived_graph(architecture, training=True)
    assert nodes_in(architecture) == len(final.nodes)
    assert check_final(architecture) == final.params()


def test_published_networks_are_counted_exactly() -> None:
    for library in ("papers.darts", "papers.nasp", "papers.nas_bench_201"):
        assert_exact(space_of(f"use {library}", CIFAR))


def test_networks_that_are_searched_in_part_are_counted_exactly() -> None:
    text = """use papers.darts
    cell normal {
        node n1 = {sep_conv(3), skip_connect}(in1) + sep_conv(3)(in1) + {sep_conv(3)}(in2)
    }
    search pc_darts
    """
    assert_exact(space_of(text, CIFAR))


def test_a_choice_of_one_operation_is_not_counted_as_a_fixed_one() -> None:
    text = """use papers.darts
    cell normal { node n1 = conv(3)(in1) + {conv(3)}(in1) + {conv(3)}(in2) + conv(3)(in2) }
    """
    assert_exact(space_of(text, CIFAR))


def test_equal_cells_are_looked_at_once() -> None:
    space = space_of("use papers.darts\nnetwork { cells normal * 3, reduction, normal * 600 }")
    per_cell = check_search(
        space_of("use papers.darts\nnetwork { cells normal * 3, reduction, normal * 11 }")
    ) - check_search(
        space_of("use papers.darts\nnetwork { cells normal * 3, reduction, normal * 10 }")
    )
    shorter = space_of("use papers.darts\nnetwork { cells normal * 3, reduction, normal * 10 }")
    assert check_search(space) == check_search(shorter) + 590 * per_cell


# ---- recurrent cells ----------------------------------------------------------------------------


@given(recurrent_spaces())
@settings(max_examples=examples(12))
def test_shared_weights_are_counted_once(text: str) -> None:
    space = space_of(text, (), classes=5)
    graph = build_supernet_graph(space)
    assert check_search(space) == graph.params()
    assert nodes_in(space) >= len(graph.nodes)
    architecture = derive(space, random_scores(space, 0))
    final = build_derived_graph(architecture, training=True)
    assert check_final(architecture) >= final.params()  # the graph drops what no output reads


def test_published_recurrent_cells_are_counted_exactly() -> None:
    for cell in ("papers.darts_rnn", "rnn.lstm", "rnn.gru"):
        space = space_of(f"use {cell}\nnetwork {{ channels 6 }}", ())
        assert_exact(space)
    for cell in ("darts_v1", "darts_v2", "enas", "lstm", "gru"):
        space = space_of(f"use rnn.{cell}\nevaluate {{ channels 6 }}", ())
        architecture = derive(space, {})
        assert check_final(space) == build_derived_graph(architecture, training=True).params()
    # The table, its bias, the matrix of the first value and one of each node.
    space = space_of("use rnn.darts_v2\nevaluate { channels 6 }", (), classes=9)
    assert check_final(space) == 9 * 6 + 9 + 12 * 12 + 8 * 6 * 12


# ---- too large ----------------------------------------------------------------------------------

# Every operation of an edge repeats what the gate does with it.
REPEATED = "\n".join(f"let v{n + 1} = tanh(v{n})" for n in range(90))
GATED = f"""use papers.darts_rnn
gate long(f, state) {{
    let v0 = f(state)
    {REPEATED}
    output v90
}}
op longer = 1000 * tanh
cell recurrent {{ nodes 64; choose longer, tanh, relu; edge long }}
"""


def test_a_graph_that_would_be_too_large_is_refused_before_it_is_built() -> None:
    space = space_of(GATED, ())
    started = time.perf_counter()
    with pytest.raises(UserError, match=r"has 2,\d{3},\d{3} nodes, more than 300,000"):
        check_search(space)
    assert time.perf_counter() - started < 10
    assert check_final(space) > 0  # what is derived is a choice of it, and smaller


def test_a_large_graph_below_the_limit_is_not_refused() -> None:
    space = space_of("use papers.darts_rnn\ncell recurrent { nodes 64 }", ())
    check_search(space)
    assert MOST_NODES / 10 < nodes_in(space) < MOST_NODES
