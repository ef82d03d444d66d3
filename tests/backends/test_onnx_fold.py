from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from dslnas.backends.onnx.fold import Weights, folded
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.verify import LAWS, verify_graph
from dslnas.passes.absorb_norms import absorb_norms
from tests.backends.reference_graphs import Graph
from tests.backends.reference_interpreter import interpret, random_images, random_weights

SHAPE = (4, 6, 5)


def _conv(graph: Graph, name: str, source: str = "input", **given: int | bool) -> Graph:
    attributes = {"out": 6, "groups": 1, **given}
    return graph.add(
        name, "conv", source, kernel=(3, 3), stride=(2, 2), padding=(1, 1), **attributes
    )


def _norm(graph: Graph, name: str, *source: str, affine: bool = True) -> Graph:
    return graph.add(name, "batch_norm", *source, affine=affine)


def _two_convs() -> Graph:
    return _conv(_conv(Graph(SHAPE), "a", out=2), "b", out=3, bias=True)


FOLDED = {
    "conv": _norm(_conv(Graph(SHAPE), "c"), "n"),
    "conv with bias": _norm(_conv(Graph(SHAPE), "c", bias=True), "n"),
    "depthwise conv": _norm(_conv(Graph(SHAPE), "c", out=8, groups=4), "n"),
    "without scale and offset": _norm(_conv(Graph(SHAPE), "c"), "n", affine=False),
    "linear": _norm(Graph(SHAPE).add("f", "linear", out=5), "n"),
    "linear without bias": _norm(Graph(SHAPE).add("f", "linear", out=5, bias=False), "n"),
    "one after another": _norm(_norm(_conv(Graph(SHAPE), "c"), "n"), "m"),
    "with readers": _norm(_conv(Graph(SHAPE), "c"), "n")
    .add("r", "relu", "n")
    .add("s", "add", "n", "r"),
    "concat": _norm(_two_convs().add("j", "concat", "b", "a"), "n"),
    "concat of concat": _norm(
        _conv(_two_convs().add("j", "concat", "a", "b"), "c", out=1).add("k", "concat", "c", "j"),
        "n",
    ),
    "each branch and their concat": _norm(
        _norm(_norm(_two_convs(), "x", "a"), "y", "b").add("j", "concat", "x", "y"), "n"
    ),
    "factorized_reduce": _norm(
        _conv(_conv(Graph(SHAPE).add("r", "relu").add("s", "shift"), "b", "s"), "a", "r").add(
            "j", "concat", "a", "b"
        ),
        "n",
    ),
}

KEPT = {
    "no layer before it": _norm(Graph(SHAPE).add("r", "relu"), "n"),
    "the input": _norm(Graph(SHAPE), "n"),
    "layer read elsewhere": _norm(_conv(Graph(SHAPE), "c"), "n").add("s", "add", "c", "n"),
    "another branch": _norm(
        _conv(Graph(SHAPE), "c", out=2)
        .add("p", "max_pool2d", "input", kernel=(3, 3), stride=(2, 2), padding=(1, 1))
        .add("j", "concat", "c", "p"),
        "n",
    ),
    "branch read elsewhere": _norm(_two_convs().add("j", "concat", "a", "b"), "n")
    .add("t", "tanh", "a")
    .add("k", "concat", "n", "t"),
    "one branch twice": _norm(_conv(Graph(SHAPE), "c").add("j", "concat", "c", "c"), "n"),
    "concat read elsewhere": _norm(_two_convs().add("j", "concat", "a", "b"), "n").add(
        "s", "add", "n", "j"
    ),
    "sum": _norm(_conv(_conv(Graph(SHAPE), "a"), "b").add("s", "add", "a", "b"), "n"),
}


def fold_batch_norm(
    graph: PrimitiveGraph, weights: Weights
) -> tuple[PrimitiveGraph, dict[str, NDArray[np.float32]]]:
    """Return a network behind the pass and the arithmetic."""
    absorbed = absorb_norms(graph)
    verify_graph(absorbed, [law for law in LAWS if law.name.startswith("absorbed")])
    assert absorb_norms(absorbed) == absorbed
    return folded(absorbed, weights)


def _norms(graph: PrimitiveGraph) -> int:
    return sum(node.primitive == "batch_norm" for node in graph.nodes)


def _assert_same_function(graph: PrimitiveGraph) -> PrimitiveGraph:
    weights = random_weights(graph)
    images = random_images(graph, 3)
    changed, tensors = fold_batch_norm(graph, weights)
    assert list(tensors) == [f"{n.name}/{w.name}" for n in changed.nodes for w in n.weights]
    assert {name: array.dtype for name, array in tensors.items()} == dict.fromkeys(
        tensors, np.dtype(np.float32)
    )
    # In float64 the only difference is the rounding of the new weights to float32.
    expected = interpret(graph, weights, images, torch.float64)
    actual = interpret(changed, tensors, images, torch.float64)
    assert np.abs(actual - expected).max() < 1e-6
    return changed


@pytest.mark.parametrize("case", FOLDED)
def test_batch_norm_goes_into_the_layers_before_it(case: str) -> None:
    graph = FOLDED[case].done()
    changed = _assert_same_function(graph)
    assert _norms(changed) == 0
    kept = [node.name for node in graph.nodes if node.primitive != "batch_norm"]
    assert [node.name for node in changed.nodes] == kept


@pytest.mark.parametrize("case", KEPT)
def test_batch_norm_stays_where_it_cannot_be_folded(case: str) -> None:
    graph = KEPT[case].done()
    assert _assert_same_function(graph) == graph


def test_layer_that_is_an_output_itself_keeps_its_values() -> None:
    graph = _norm(Graph(SHAPE).add("f", "linear", out=5), "n").done()
    second = PrimitiveGraph(graph.nodes, "n", "f")
    assert _assert_same_function(second) == second


def test_the_output_follows_the_batch_norm_that_went() -> None:
    graph = _norm(Graph(SHAPE).add("f", "linear", out=5), "n").done()
    assert _assert_same_function(graph).outputs == ("f",)


def test_second_batch_norm_stays_where_the_first_has_another_reader() -> None:
    graph = _norm(_norm(_conv(Graph(SHAPE), "c"), "n"), "m").add("s", "add", "m", "n").done()
    changed = _assert_same_function(graph)
    assert [node.name for node in changed.nodes] == ["input", "c", "m", "s"]


def test_folded_layer_has_a_bias() -> None:
    graph = _norm(_conv(Graph(SHAPE), "c"), "n").done()
    layer = fold_batch_norm(graph, random_weights(graph))[0].by_name["c"]
    assert layer.attribute("bias") is True
    assert [(w.name, w.shape) for w in layer.weights] == [("weight", (6, 4, 3, 3)), ("bias", (6,))]


def test_tensors_of_another_network_do_not_matter() -> None:
    graph = _norm(_conv(Graph(SHAPE), "c"), "n").done()
    weights = random_weights(graph)
    strange = {"c/bias": np.ones(6, np.float32), "d/weight": np.ones(1, np.float32)}
    _, expected = fold_batch_norm(graph, weights)
    _, actual = fold_batch_norm(graph, weights | strange)
    assert actual.keys() == expected.keys()
    assert all(np.array_equal(actual[name], expected[name]) for name in expected)


def test_weights_are_the_rounded_exact_values() -> None:
    graph = _norm(Graph((2, 1, 1)).add("f", "linear", out=1), "n").done()
    given = {
        "f/weight": [[3.0, -1.0]],
        "f/bias": [0.5],
        "n/weight": [0.7],
        "n/bias": [0.1],
        "n/running_mean": [1e4],
        "n/running_var": [3e-6],
    }
    weights = {name: np.array(value, np.float32) for name, value in given.items()}
    _, tensors = fold_batch_norm(graph, weights)
    scale = np.float64(np.float32(0.7)) / np.sqrt(np.float64(np.float32(3e-6)) + 1e-5)
    offset = np.float64(np.float32(0.1)) - 1e4 * scale
    assert tensors["f/weight"].tolist() == [[np.float32(3 * scale), np.float32(-scale)]]
    assert tensors["f/bias"].tolist() == [np.float32(0.5 * scale + offset)]


def test_what_is_given_does_not_change() -> None:
    graph = FOLDED["factorized_reduce"].done()
    weights = random_weights(graph)
    before = {name: array.copy() for name, array in weights.items()}
    nodes = graph.nodes
    fold_batch_norm(graph, weights)
    assert graph.nodes == nodes
    assert weights.keys() == before.keys()
    assert all(np.array_equal(weights[name], before[name]) for name in before)
