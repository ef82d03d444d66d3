"""A primitive that promises nothing, and draws random numbers, is left alone by every pass."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.fast import FAST_FORMS
from dslnas.backends.torch.primitives import FORMS
from dslnas.backends.torch.randomness import RunState
from dslnas.backends.torch.torch_compile import Call, with_calls
from dslnas.graph.analysis.plan import make_plan
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.ops.catalogue import LANGUAGE, PRIMITIVES
from dslnas.ops.primitive import Primitive
from dslnas.ops.rules import same_shape
from dslnas.passes.manager import PREDICTING, USUAL, optimised
from dslnas.space.search_space import SearchSpace
from tests.passes.same import CLASSES, assert_same, network_of, random_alphas, what_it_gives
from tests.spaces import space_of

# The same operation with the same source twice, beside layers that passes merge, stack and fuse.
IMAGES = """use std.cnn
op noisy = noise -> depthwise(3) -> pointwise -> batch_norm
op quiet = depthwise(3) -> pointwise -> batch_norm
op twice = add(noise, noise)
cell a {
    inputs 2
    preprocess preprocess
    node n1 = {noisy, quiet, noise}(in1) + {noisy, quiet, noise}(in2)
    node n2 = {twice, quiet, noise}(n1) + {noise, relu}(in1)
    output concat
}
network { channels 4; cells a, a }
evaluate { channels 4; auxiliary 0 }
"""
TEXT = """use std.rnn
gate noised(f, state) {
    let a = noise(state)
    output f(a) + noise(state)
}
cell one {
    inputs x
    states h
    let a = noise(x)
    let b = noise(x)
    node n1 = {noise, tanh}(a) + {noise, tanh}(b)
    node n2 = {noise, tanh}(h) + {noise, tanh}(n1)
    edge noised
    output mean
}
network { channels 4; stem embedding; head tied_linear; cells one }
"""


def _noise(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    x = inputs[0]
    return x + torch.randn(x.shape, generator=run.generator, dtype=x.dtype)


@pytest.fixture(autouse=True)
def _noise_is_a_primitive(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = Primitive("noise", "its input, moved at random", same_shape)
    for table in (PRIMITIVES, LANGUAGE):
        monkeypatch.setitem(table, "noise", noise)
    for forms in (FORMS, FAST_FORMS):
        monkeypatch.setitem(forms, "noise", _noise)


def space(name: str) -> SearchSpace:
    return space_of(IMAGES, (2, 6, 6)) if name == "images" else space_of(TEXT, (), classes=CLASSES)


def draws(graph: PrimitiveGraph) -> list[str]:
    return [node.name for node in graph.nodes if node.primitive == "noise"]


PAIRS = [*((name,) for name in USUAL), *combinations(USUAL, 2), USUAL, PREDICTING]


@pytest.mark.parametrize("name", ["images", "text"])
def test_it_is_never_merged_left_out_or_reordered(name: str) -> None:
    graph = build_supernet_graph(space(name))
    expected = draws(graph)
    assert len(expected) >= 8
    for names in PAIRS:
        assert draws(optimised(graph, names)) == expected, names


@pytest.mark.parametrize("name", ["images", "text"])
def test_the_same_random_numbers_are_drawn_in_the_same_order(name: str) -> None:
    graph = build_supernet_graph(space(name))
    network, alphas = network_of(graph), random_alphas(graph)
    expected = what_it_gives(network, alphas, training=True)
    network.plain, network.passes = False, USUAL
    assert_same(what_it_gives(network, alphas, training=True), expected)


def test_no_compiled_cell_draws_for_it() -> None:
    graph = optimised(build_supernet_graph(space("images")))
    steps = with_calls(graph, make_plan(graph, graph.outputs))
    inside = {s.node.primitive for call in steps if isinstance(call, Call) for s in call.body.steps}
    assert "noise" not in inside
    assert inside
