"""The supernet of DARTS-: a skip connection beside the operations of every choosing edge."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from dslnas.backends.torch.supernet import Mixing
from dslnas.graph.analysis.plan import make_plan
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.graph.verify import verify_graph
from dslnas.passes.manager import USUAL, optimised
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from tests.engines.small import SEQUENCES, SHAPE, TEXTS, batch, some_choice, supernet_of
from tests.passes.same import assert_same, network_of, random_alphas, what_it_gives
from tests.spaces import random_scores, space_of

SKIP = "auxiliary_skip"
SOME_SPACES = pytest.mark.parametrize("name", ["last", "uneven", "recurrent"])
STRIDED = """use std.cnn
cell one {
    preprocess  preprocess
    stride      2
    node n1 = {skip_connect, sep_conv(3)}(in1) + sep_conv(3)(in2)
    node n2 = {max_pool(3), sep_conv(3), relu}(n1)
}
network { channels 4; cells one }
"""


def space(text: str, method: str = "darts_minus") -> SearchSpace:
    return space_of(text, () if "states" in text else SHAPE, (f"search={method}",))


def supernet(text: str) -> PrimitiveGraph:
    graph = build_supernet_graph(space(text))
    verify_graph(graph)
    return graph


def test_it_is_the_identity_or_at_a_stride_an_operation_with_weights_of_its_own() -> None:
    graph = supernet(STRIDED)
    skips = [node for node in graph.nodes if SKIP in node.name]
    by_edge = Counter(node.name.split("/")[1] for node in skips)
    assert by_edge == {"n1_in1": 6, "n2_n1": 1}
    assert [node.primitive for node in skips if "n2_n1" in node.name] == ["identity"]
    weights = [name for name in graph.tensors if SKIP in name and name.endswith("/weight")]
    assert len(weights) == 2
    shared = [node for node in graph.nodes if any(lent in weights for _, lent in node.borrowed)]
    assert not shared


def test_it_fills_the_column_behind_the_operations() -> None:
    graph = supernet(STRIDED)
    assert graph.alphas == {"one": (2, 4)}
    mixes = {node.name: node.mix.columns for node in graph.nodes if node.mix is not None}
    assert mixes == {"cell0/n1_in1": (0, 1, 3), "cell0/n2_n1": (0, 1, 2, 3)}


@SOME_SPACES
def test_no_architecture_has_it(name: str) -> None:
    searched = space(TEXTS[name])
    architecture = derive(searched, random_scores(searched, 0))
    derived = build_derived_graph(architecture, training=True)
    assert not any(SKIP in node.name for node in derived.nodes)
    if name not in SEQUENCES:
        graph, choice = build_supernet_graph(searched), some_choice(searched, 0)
        running = make_plan(graph, graph.outputs, choice)
        assert not any(SKIP in step.node.name for step in running)


@SOME_SPACES
@pytest.mark.parametrize("training", [True, False])
def test_passes_keep_it(name: str, training: bool) -> None:
    graph = supernet(TEXTS[name])
    plain, alphas = network_of(graph), random_alphas(graph)
    expected = what_it_gives(plain, alphas, training=training)
    if name in SEQUENCES:
        plain.plain, plain.passes = False, USUAL
        found = what_it_gives(plain, alphas, training=training)
    else:
        fast = network_of(optimised(graph), plain.state_dict())
        found = what_it_gives(fast, alphas, training=training)
    assert_same(found, expected)


def test_as_many_gates_are_fused_as_without_it() -> None:
    text = TEXTS["recurrent"]
    graphs = (supernet(text), build_supernet_graph(space(text, "darts")))
    ours, others = (Counter(node.primitive for node in optimised(g).nodes) for g in graphs)
    assert ours["highway_gate"] == others["highway_gate"] > 0


def test_its_factor_is_that_of_the_supernet() -> None:
    ours = supernet_of(space(TEXTS["darts"]))
    weights = {
        cell: torch.full((len(table.rows), table.width), 1 / table.width, dtype=torch.float64)
        for cell, table in ours.tables.items()
    }
    losses = []
    for factor in (1.0, 0.5, 0.0):
        ours.skip = factor
        with ours.untracked(), torch.no_grad():
            losses.append(float(ours.loss(batch(0), Mixing(weights))))
    assert len(set(losses)) == 3
    other = supernet_of(space(TEXTS["darts"], "darts"))
    shared = {k: v for k, v in ours.network.state_dict().items() if SKIP not in k}
    other.network.load_state_dict(shared)
    with torch.no_grad():
        assert float(other.loss(batch(0), Mixing(weights))) == pytest.approx(losses[-1], rel=1e-12)
