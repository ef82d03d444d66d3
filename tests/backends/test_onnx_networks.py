from __future__ import annotations

import random
from collections import Counter

import onnx
import pytest

from dslnas.graph.graph import INPUT
from dslnas.graph.lower.network import build_derived_graph
from dslnas.ops.traits import Trait
from dslnas.space.derive.derive import derive
from tests.backends.onnx_run import assert_parity, assert_shapes, emit
from tests.backends.reference_graphs import DARTS_V2, NAS_BENCH_201, SMALL, network, space
from tests.backends.reference_interpreter import random_weights
from tests.primitives import with_trait
from tests.spaces import architecture_of

# What the papers' operations leave out: attention to channels, shuffled halves, other activations.
UNUSUAL = """use papers.nas_bench_201
op squeeze = multiply(
    identity,
    global_avg_pool -> conv(1, bias = true) -> silu -> conv(1) -> sigmoid
)
op halves = concat(
    split(2, 1) -> gelu,
    split(2, 0) -> conv((1, 3), out = C/2) -> batch_norm -> hard_swish
)
op several = mean(
    leaky_relu(0.2) -> shift(2) -> shuffle(2) -> dropout(0.3),
    conv(3, groups = 2, dilation = 2) -> batch_norm(affine = false) -> elu,
    zero
) -> batch_norm -> tanh
cell cell201 {
    node n1 = squeeze(in1) + halves(in1)
    node n2 = several(n1) + several(in1)
}
"""

NETWORKS = {"darts": DARTS_V2, "nas_bench_201": NAS_BENCH_201, "unusual": UNUSUAL}


@pytest.mark.parametrize("name", NETWORKS)
def test_network_computes_what_the_reference_computes(name: str) -> None:
    graph = network(NETWORKS[name])
    assert_shapes(graph, assert_parity(graph))


def test_sizes_that_stride_does_not_divide_are_computed_alike() -> None:
    graph = network(DARTS_V2, (1, 7, 9))
    assert_shapes(graph, assert_parity(graph))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("library", ["darts", "nasp", "nas_bench_201"])
def test_any_derived_network_computes_what_the_reference_computes(library: str, seed: int) -> None:
    searched = space(f"use papers.{library}")
    dice = random.Random(seed)
    scores = {
        name: [[dice.random() for _ in range(cell.width)] for _ in cell.choices]
        for name, cell in searched.cells.items()
    }
    assert_parity(build_derived_graph(derive(searched, scores)), batches=(2,))


def test_only_batch_norms_without_a_layer_before_them_are_left() -> None:
    assert not _operators(DARTS_V2)["Mul"]
    assert _operators(NAS_BENCH_201)["Mul"] == 1, "that of the head reads a sum"


def _operators(text: str) -> Counter[str]:
    return Counter(node.op_type for node in emit(network(text)).graph.node)


def test_names_are_those_of_the_graph() -> None:
    graph = network(UNUSUAL)
    model = emit(graph)
    onnx.checker.check_model(model, full_check=True)
    names = [node.name for node in model.graph.node]
    assert len(set(names)) == len(names)
    for node in model.graph.node:
        assert node.output[0] == ("logits" if node.name == graph.output else node.name)
        assert node.name in graph.by_name or node.name.rpartition("/")[0] in graph.by_name
    gone = {INPUT, "batch_norm", *with_trait(Trait.INFERENCE_IDENTITY)}
    kept = {n.name for n in graph.nodes if n.primitive not in gone}
    assert kept <= set(names)
    assert {"cell0/n1_in1/squeeze/1_global_avg_pool", "head/3_linear", "head/3_linear/flatten"} <= {
        *names
    }
    for tensor in model.graph.initializer:
        assert tensor.name.rpartition("/")[0] in graph.by_name


def test_graph_for_training_gives_the_same_model() -> None:
    architecture = architecture_of(DARTS_V2, (3, 32, 32), (*SMALL, "evaluate.auxiliary=0.4"))
    training = build_derived_graph(architecture, training=True)
    assert training.auxiliary is not None
    weights = random_weights(training)
    exported = build_derived_graph(architecture)
    assert emit(training, weights) == emit(exported, weights)
