"""Passes on supernets for images: right there too, and none needs a recurrent cell."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.graph.text import parse_graph
from dslnas.passes.drop_zeros import drop_zeros
from dslnas.passes.manager import PASSES, optimised, run_passes
from dslnas.passes.stack_edges import stack_edges
from dslnas.space.derive.derive import derive
from tests.passes.same import assert_same, network_of, random_alphas, what_it_gives
from tests.spaces import random_scores, space_of
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
def test_a_convolutional_supernet_computes_the_same_after_every_pass(training: bool) -> None:
    graph = plain = supernet()
    for passed in run_passes(graph):
        changed = passed.graph
        assert (changed == graph) == (passed.name == "stack_edges"), passed.name
        assert PASSES[passed.name].rewrite(changed) == changed
        assert_kept(plain, changed, training=training)
        graph = changed
    primitives = Counter(node.primitive for node in graph.nodes)
    assert primitives["zero"] == 0
    assert all(primitives[name] for name in ("share", "folded_norm", "norm_relu"))


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
    network.plain, network.passes = False, tuple(PASSES)
    assert_same(what_it_gives(network, alphas, training=True), expected)
    for name in PASSES:
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
    expected = what_it_gives(network, alphas, training=True)
    network.plain = False
    assert_same(what_it_gives(network, alphas, training=True), expected)


def test_edges_with_statistics_or_weights_of_their_own_are_not_stacked() -> None:
    graph = supernet()
    assert stack_edges(graph) == graph
    assert stack_edges(drop_zeros(graph)) == drop_zeros(graph)


@pytest.mark.parametrize("name", PASSES)
@settings(max_examples=3)
@given(spaces(), st.booleans())
def test_any_space_computes_the_same_after_one_pass(
    name: str, text: SpaceText, training: bool
) -> None:
    graph = build_supernet_graph(text.space())
    changed = optimised(graph, (name,))
    assert PASSES[name].rewrite(changed) == changed
    if changed != graph:
        assert_kept(graph, changed, training=training and not draws(graph))


@settings(max_examples=10)
@given(spaces(), st.booleans())
def test_any_space_computes_the_same_after_all_passes(text: SpaceText, training: bool) -> None:
    graph = build_supernet_graph(text.space())
    network, alphas = network_of(graph), random_alphas(graph)
    training = training and not draws(graph)
    expected = what_it_gives(network, alphas, training=training)
    network.plain, network.passes = False, tuple(PASSES)
    assert_same(what_it_gives(network, alphas, training=training), expected)


@pytest.mark.parametrize("seed", range(3))
def test_a_network_drops_the_same_behind_the_passes(seed: int) -> None:
    text = "use papers.darts\nnetwork { cells normal, normal }\nevaluate { channels 4 }"
    space = space_of(text, (2, 6, 6), classes=3)
    graph = build_derived_graph(derive(space, random_scores(space, seed)), training=True)
    network = network_of(graph)
    network.run_state.drop_path_rate = 0.5
    expected = what_it_gives(network, {}, training=True)
    network.plain, network.passes = False, tuple(PASSES)
    assert_same(what_it_gives(network, {}, training=True), expected)


def draws(graph: PrimitiveGraph) -> bool:
    """Whether something is dropped at random: it need not be drawn in the order of the graph."""
    return any(node.primitive in ("dropout", "drop_path") for node in graph.nodes)


@settings(max_examples=10)
@given(spaces(), st.integers(0, 9), st.booleans())
def test_any_choice_computes_the_same_after_the_passes_that_keep_choices(
    text: SpaceText, seed: int, observe: bool
) -> None:
    space = text.space()
    graph = build_supernet_graph(space)
    network, alphas = network_of(graph).eval(), random_alphas(graph)
    random = Random(seed)
    chosen = {
        name: tuple(random.randrange(len(edge.operations)) for edge in cell.choices)
        for name, cell in space.cells.items()
        if name in alphas
    }
    # As methods that sample have them: what is not chosen weighs nothing.
    hard = {
        name: torch.nn.functional.one_hot(torch.tensor(row), alphas[name].shape[1])
        .to(torch.float64)
        .requires_grad_()
        for name, row in chosen.items()
    }
    images = torch.ones((2, *graph.input_shape), dtype=torch.float64)
    found = []
    for network.plain in (True, False):
        network.passes = tuple(PASSES)
        logits = network(images, hard, chosen, observe=observe)[0]
        of = [*hard.values(), *network.parameters()]
        found += [logits, *torch.autograd.grad(logits.sum(), of, materialize_grads=True)]
    for ours, expected in zip(found[len(found) // 2 :], found, strict=False):
        torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-10)
