"""Tensors that are counted as kept are those that torch keeps."""

from __future__ import annotations

import pytest
import torch

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.primitives import FORMS
from dslnas.graph.analysis.activations import activations
from dslnas.graph.analysis.plan import make_plan
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.ops.catalogue import LANGUAGE
from dslnas.ops.primitive import AttributeValue
from tests.backends.reference_graphs import Graph
from tests.engines.small import NASP_LIKE, some_choice, space
from tests.graph.keeper import Keeper
from tests.primitives import ACTIVATIONS, OF_PASSES, VARIATIONAL

SHAPE = (8, 8, 8)
BATCH = 3
NUMBER = 4

SAME = ("global_avg_pool", "identity", "flatten", "entries", "drop_path")
CASES: dict[str, tuple[dict[str, AttributeValue], tuple[str, ...]]] = {
    "conv": ({"kernel": (3, 3), "padding": (1, 1), "out": 6, "stride": (1, 1)}, ("x",)),
    "linear": ({"out": 5}, ("x",)),
    "rescale": ({"factor": 0.5, "offset": -2.0}, ("x",)),
    "bounded_linear": ({"out": 5, "bound": 1.0}, ("x",)),
    "batch_norm": ({"affine": True}, ("x",)),
    "max_pool2d": ({"kernel": (3, 3), "padding": (1, 1), "stride": (2, 2)}, ("x",)),
    "avg_pool2d": ({"kernel": (3, 3), "padding": (1, 1), "stride": (2, 2)}, ("x",)),
    "shift": ({"pixels": 1}, ("x",)),
    "dropout": ({"rate": 0.5}, ("x",)),
    "layer_norm": ({}, ("x",)),
    "group_norm": ({"groups": 2}, ("x",)),
    "scale": ({}, ("x",)),
    "position": ({}, ("x",)),
    "upsample": ({}, ("x",)),
    "reshape": ({"sizes": (4, 16, 8)}, ("x",)),
    "transpose": ({"first": 1, "second": 3}, ("x",)),
    "softmax": ({}, ("x",)),
    "matmul": ({}, ("x", "y")),
    "split": ({"parts": 2, "index": 1}, ("x",)),
    "shuffle": ({"groups": 2}, ("x",)),
    **{name: ({}, ("x",)) for name in (*ACTIVATIONS, *SAME)},
    **{name: ({}, ("x", "y")) for name in LANGUAGE if LANGUAGE[name].joins},
}


def kept_by_torch(graph: PrimitiveGraph) -> int:
    network = TorchNetwork(graph, torch.Generator().manual_seed(0))
    network.plain = True
    network.run_state.generator = torch.Generator().manual_seed(0)
    network.run_state.drop_path_rate = 0.2
    images = torch.randn((BATCH, *graph.inputs[""].shape), requires_grad=True)
    # without what is there once for all examples, such as the statistics of a batch norm
    keeper = Keeper(network, least=4 * BATCH * NUMBER)
    with keeper:
        network(images)
    return keeper.bytes


def ended(graph: Graph) -> PrimitiveGraph:
    """Return a graph whose output is a vector, made so that only few more numbers are kept."""
    channels, *size = graph.done().nodes[-1].shape
    if size:  # one pooled number would be too small to be seen
        graph = graph.add("pooled", "global_avg_pool" if channels > 1 else "flatten")
    return graph.add("logits", "linear", out=2).done()


@pytest.mark.parametrize("primitive", CASES)
def test_a_primitive_keeps_what_it_says(primitive: str) -> None:
    attributes, inputs = CASES[primitive]
    begun = Graph(SHAPE)
    for name in inputs:
        begun = begun.add(name, "shift", "input", pixels=1)  # keeps nothing itself
    graph = ended(begun.add("it", primitive, *inputs, **attributes))
    counted = activations(graph, make_plan(graph, graph.outputs))
    logits = NUMBER * torch.Size(graph.by_name[graph.output].shape).numel()
    assert BATCH * (counted.kept - logits) == kept_by_torch(graph)


def test_every_primitive_that_runs_alone_is_looked_at() -> None:
    of_texts, nothing = {"embedding", "tied_linear", *VARIATIONAL}, {"zero"}
    assert set(FORMS) - of_texts - nothing - OF_PASSES == set(CASES)


def test_what_two_read_is_kept_once() -> None:
    one = Graph(SHAPE).add("x", "tanh", "input").add("a", "tanh", "x")
    two = Graph(SHAPE).add("x", "tanh", "input").add("b", "gelu", "x").add("a", "add", "x", "b")
    kept = [activations(g, make_plan(g, g.outputs)).kept for g in (ended(one), ended(two))]
    behind = NUMBER * (8 + 2)  # what the linear map reads, and the logits
    assert kept[0] == 2 * NUMBER * 8 * 8 * 8 + behind  # x and a
    assert kept[1] == NUMBER * 8 * 8 * 8 + behind  # x for both


def test_less_is_kept_where_less_runs() -> None:
    searched = space(NASP_LIKE)
    graph, choice = build_supernet_graph(searched), some_choice(searched, 0)
    everything = make_plan(graph, graph.outputs)
    observed = make_plan(graph, graph.outputs, choice, observe=True)
    chosen = make_plan(graph, graph.outputs, choice)
    sizes = [
        activations(graph, everything, alpha=True).kept,
        activations(graph, everything).kept,
        activations(graph, observed, alpha=True).kept,
        activations(graph, chosen).kept,
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 4
    forward = activations(graph, everything, gradients=False)
    assert forward.kept == 0
    assert 0 < forward.live < sizes[-1]
