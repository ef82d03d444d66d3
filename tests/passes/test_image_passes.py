"""Passes on supernets for images: right there too, and none needs a recurrent cell."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from dslnas.graph.build import build_supernet_graph
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.verify import verify_graph
from dslnas.passes.distribute_mix import distribute_mix
from dslnas.passes.drop_zeros import drop_zeros
from dslnas.passes.recurrent import PASSES
from dslnas.passes.share_equal import share_equal
from dslnas.passes.stack_edges import stack_edges
from tests.passes.same import assert_same, network_of, random_alphas, what_it_gives
from tests.spaces import space_of
from tests.strategies import SpaceText, spaces

# Operations that begin alike, and two that differ in one branch of a sum.
CONVOLUTIONAL = """use std.cnn
op residual = add(relu -> conv(3) -> batch_norm, identity)
op squeezed = add(relu -> conv(1) -> batch_norm, identity)
cell normal {
    inputs      2
    preprocess  preprocess
    node n1 = {none, residual, squeezed, skip_connect, sep_conv(3)}(in1) + {residual, squeezed}(in2)
    node n2 = {residual, squeezed}(n1) + {none, residual, squeezed, skip_connect, sep_conv(3)}(in2)
    keep        1
}
cell reduction {
    inputs      2
    preprocess  preprocess
    nodes       2
    choose      none, skip_connect, avg_pool(3), dil_conv(3)
    stride      2
    widen       2
}
network { channels 4; cells normal, reduction }
evaluate { channels 4 }
"""


def supernet() -> PrimitiveGraph:
    return build_supernet_graph(space_of(CONVOLUTIONAL, (2, 6, 6), classes=3))


def assert_kept(graph: PrimitiveGraph, changed: PrimitiveGraph, *, training: bool) -> None:
    plain, alphas = network_of(graph), random_alphas(graph)
    expected = what_it_gives(plain, alphas, training=training)
    rewritten = network_of(changed, plain.state_dict())
    assert_same(what_it_gives(rewritten, alphas, training=training), expected)


@pytest.mark.parametrize("training", [True, False])
def test_a_convolutional_supernet_computes_the_same_with_fewer_nodes(training: bool) -> None:
    graph = supernet()
    for rewrite in (drop_zeros, share_equal, distribute_mix):
        changed = rewrite(graph)
        verify_graph(changed)
        assert changed != graph, rewrite.__name__
        assert rewrite(changed) == changed
        assert_kept(graph, changed, training=training)
        graph = changed
    assert sum(node.primitive == "zero" for node in graph.nodes) == 0
    assert any(node.primitive == "share" for node in graph.nodes)


def test_edges_with_statistics_or_weights_of_their_own_are_not_stacked() -> None:
    graph = supernet()
    assert stack_edges(graph) == graph
    assert stack_edges(drop_zeros(graph)) == drop_zeros(graph)


@settings(max_examples=8)
@given(spaces())
def test_any_space_computes_the_same(text: SpaceText) -> None:
    graph = build_supernet_graph(text.space())
    changed = graph
    for rewrite in PASSES:
        changed = rewrite(changed)
        verify_graph(changed)
    # In evaluation mode, as dropout need not draw in the order of the graph.
    assert_kept(graph, changed, training=False)
