"""Passes on supernets for images: right there too, and none needs a recurrent cell."""

from __future__ import annotations

from collections import Counter

import pytest

from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.passes.drop_zeros import drop_zeros
from dslnas.passes.manager import PASSES, USUAL, optimised, run_passes
from dslnas.passes.stack_edges import stack_edges
from dslnas.space.derive.derive import derive
from tests.graph_text import parse_graph
from tests.passes.same import assert_same, network_of, random_alphas, what_it_gives
from tests.spaces import random_scores, space_of

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


RECURRENT = {"stack_edges", "fuse_gates"}
OF_IMAGES = {
    "drop_zeros", "share_equal", "distribute_mix", "merge_sums", "fold_norms", "separable",
    "fuse_reads", "channels_last",
}  # fmt: skip
"""Passes that find something to do in this supernet."""


def supernet() -> PrimitiveGraph:
    return build_supernet_graph(space_of(CONVOLUTIONAL, (2, 6, 6), classes=3))


def assert_kept(graph: PrimitiveGraph, changed: PrimitiveGraph, *, training: bool) -> None:
    plain, alphas = network_of(graph), random_alphas(graph)
    expected = what_it_gives(plain, alphas, training=training)
    rewritten = network_of(changed, plain.state_dict())
    assert_same(what_it_gives(rewritten, alphas, training=training), expected)


@pytest.mark.parametrize("training", [True, False])
def test_a_convolutional_supernet_computes_the_same_after_every_pass(training: bool) -> None:
    graph = plain = supernet()
    at_work = set()
    for passed in run_passes(graph):
        changed = passed.graph
        if changed != graph:
            at_work.add(passed.name)
        assert PASSES[passed.name].rewrite(changed) == changed
        assert_kept(plain, changed, training=training)
        graph = changed
    assert at_work >= OF_IMAGES
    assert not at_work & RECURRENT
    primitives = Counter(node.primitive for node in graph.nodes)
    assert primitives["zero"] == 0
    assert all(primitives[name] for name in ("share", "folded_norm"))


ROWS_ALONE = """use std.cnn
cell a { nodes 2; choose relu, skip_connect, none; preprocess preprocess }
network { channels 4; cells a }
evaluate { channels 4; auxiliary 0 }
"""


def test_every_edge_of_images_keeps_its_own_row_of_alpha_where_all_operations_are_row_wise() -> (
    None
):
    graph = build_supernet_graph(space_of(ROWS_ALONE, (2, 6, 6), classes=3))
    network, alphas = network_of(graph), random_alphas(graph)
    expected = what_it_gives(network, alphas, training=True)
    (rows,) = (expected[f"gradient of {name}"] for name in alphas)
    assert rows.any(1).all()
    network.plain, network.passes = False, USUAL
    assert_same(what_it_gives(network, alphas, training=True), expected)
    for name in USUAL:
        assert_kept(graph, optimised(graph, (name,)), training=True)


def test_images_are_not_stacked() -> None:
    graph = build_supernet_graph(space_of(ROWS_ALONE, (2, 6, 6), classes=3))
    assert stack_edges(graph) == graph


STACK_OF_IMAGES = """\
alpha one 2 x 2
input = input : 2 x 4 x 4
a = relu input : 2 x 4 x 4
b = stack input, a : 2 x 4 x 4
c = tanh b : 2 x 4 x 4
d = mix one[0:2] b, c : 2 x 4 x 4
e = sum_stack(groups=2) d : 2 x 4 x 4
f = linear(out=3) e : 3
output f
"""


def test_a_stack_of_images_is_weighed_row_by_row() -> None:
    graph = parse_graph(STACK_OF_IMAGES)
    network, alphas = network_of(graph), random_alphas(graph)
    network.plain = True
    expected = what_it_gives(network, alphas, training=True)
    network.plain = False
    assert_same(what_it_gives(network, alphas, training=True), expected)


def test_edges_with_statistics_or_weights_of_their_own_are_not_stacked() -> None:
    graph = supernet()
    assert stack_edges(graph) == graph
    assert stack_edges(drop_zeros(graph)) == drop_zeros(graph)


@pytest.mark.parametrize("seed", range(3))
def test_a_network_drops_the_same_behind_the_passes(seed: int) -> None:
    text = "use papers.darts\nnetwork { cells normal, normal }\nevaluate { channels 4 }"
    space = space_of(text, (2, 6, 6), classes=3)
    graph = build_derived_graph(derive(space, random_scores(space, seed)), training=True)
    network = network_of(graph)
    network.run_state.drop_path_rate = 0.5
    expected = what_it_gives(network, {}, training=True)
    network.plain, network.passes = False, USUAL
    assert_same(what_it_gives(network, {}, training=True), expected)
