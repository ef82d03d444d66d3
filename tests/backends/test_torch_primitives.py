from __future__ import annotations

import itertools
from itertools import product

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.primitives import FORMS
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import AttributeValue, Shape
from dslnas.ops.traits import Trait
from tests.backends.reference_graphs import Graph
from tests.backends.reference_interpreter import interpret, random_images, random_weights
from tests.primitives import ACTIVATIONS, OF_PASSES, VARIATIONAL, with_trait

DONE_BY_THE_EXECUTOR = with_trait(Trait.WEIGHED) | {"state"}

SIZES: tuple[Shape, ...] = ((4, 8, 8), (4, 7, 9), (4, 5, 5))
STRIDES = ((1, 1), (2, 2), (2, 1), (1, 3))
Attributes = dict[str, AttributeValue]

CONVOLUTIONS: tuple[Attributes, ...] = (
    {"kernel": (3, 3), "padding": (1, 1)},
    {"kernel": (3, 3), "padding": (1, 1), "bias": True},
    {"kernel": (5, 1), "padding": (2, 0), "groups": 2},
    {"kernel": (3, 3), "padding": (2, 2), "dilation": (2, 2), "groups": 4},
    {"kernel": (3, 1), "padding": (3, 0), "dilation": (3, 1)},
    {"kernel": (1, 1), "padding": (0, 0)},
    {"kernel": (1, 1), "padding": (2, 1)},
    {"kernel": (2, 4), "padding": (0, 1)},
    {"kernel": (5, 5), "padding": (0, 0)},
)
POOLS: tuple[Attributes, ...] = (
    {"kernel": (3, 3), "padding": (1, 1)},
    {"kernel": (2, 2), "padding": (0, 0)},
    {"kernel": (5, 2), "padding": (2, 1)},
    {"kernel": (1, 4), "padding": (0, 2)},
)


def _windows(primitive: str, attributes: tuple[Attributes, ...], **fixed: int) -> list[Graph]:
    return [
        Graph(shape).add("it", primitive, **a, **fixed, stride=stride)
        for shape, stride, a in itertools.product(SIZES, STRIDES, attributes)
    ]


def _branches(primitive: str, *names: str) -> list[Graph]:
    """Join branches that differ: of the input's shape, its mean over pixels, half its channels."""
    return [
        Graph(shape)
        .add("tanh", "tanh", "input")
        .add("relu", "relu", "input")
        .add("pooled", "global_avg_pool", "input")
        .add("half", "split", "input", parts=2, index=1)
        .add("it", primitive, *names)
        for shape in SIZES
    ]


def _plain(primitive: str, *attributes: Attributes) -> list[Graph]:
    return [
        Graph(shape).add("it", primitive, **a)
        for shape, a in itertools.product(SIZES, attributes or ({},))
    ]


def _vectors(primitive: str, **attributes: AttributeValue) -> list[Graph]:
    return [Graph((3, 2, 2)).add("f", "linear", out=4).add("it", primitive, **attributes)]


SIGNAL: Shape = (4, 9)


def _any_rank(primitive: str, *attributes: Attributes) -> list[Graph]:
    """Read an image, a signal and a vector."""
    return [
        Graph(shape).add("it", primitive, **a)
        for shape, a in itertools.product(((4, 5, 6), SIGNAL, (8,)), attributes or ({},))
    ]


def _signals(primitive: str, *attributes: Attributes) -> list[Graph]:
    return [
        Graph(SIGNAL).add("it", primitive, **a, stride=stride)
        for a, stride in itertools.product(attributes, ((1, 1), (2, 2)))
    ]


def _products() -> list[Graph]:
    """Multiply matrices of images and of signals."""
    image = Graph((2, 3, 4)).add("turned", "transpose", first=2, second=3)
    signal = Graph((3, 4)).add("turned", "transpose", first=1, second=2)
    return [graph.add("it", "matmul", "input", "turned") for graph in (image, signal)]


CASES: dict[str, list[Graph]] = {
    "conv": [
        *_windows("conv", CONVOLUTIONS, out=4),
        *_windows("conv", CONVOLUTIONS[:2], out=6),
        *_signals("conv", *({**a, "out": 8} for a in CONVOLUTIONS[:4])),
    ],
    "linear": [
        *_plain("linear", {"out": 5}, {"out": 3, "bias": False}),
        Graph((3, 5, 7)).add("p", "global_avg_pool").add("f", "linear", out=4).add("r", "tanh"),
        Graph((3, 2, 2)).add("f", "linear", out=4).add("it", "linear", out=2),
        Graph(SIGNAL).add("it", "linear", out=2),
    ],
    "bounded_linear": _plain("bounded_linear", {"out": 5, "bound": 1.0}, {"out": 3, "bound": 0.1}),
    "flatten": _plain("flatten"),
    "rescale": _plain("rescale", {"factor": 0.5, "offset": -2.0}),
    "entries": [*_plain("entries"), Graph((3, 2, 2)).add("f", "flatten").add("it", "entries")],
    "batch_norm": [
        *_plain("batch_norm", {"affine": True}, {"affine": False}),
        *_plain("batch_norm", {"affine": True, "eps": 0.5, "momentum": 0.01}),
        Graph((3, 2, 2)).add("f", "linear", out=4).add("it", "batch_norm", affine=True),
    ],
    "layer_norm": _any_rank("layer_norm", {}, {"affine": False, "eps": 0.1}),
    "group_norm": _any_rank("group_norm", {"groups": 2}, {"groups": 1, "affine": False}),
    "scale": _any_rank("scale", {"start": 0.5}),
    "position": _any_rank("position"),
    "upsample": [Graph(shape).add("it", "upsample", factor=3) for shape in (SIZES[1], SIGNAL)],
    "reshape": [
        Graph((4, 5, 6)).add("it", "reshape", sizes=(2, 2, 30)),
        Graph((4, 5, 6)).add("it", "reshape", sizes=(8, 15)),
        Graph((8,)).add("it", "reshape", sizes=(2, 4)),
        Graph((2, 6)).add("it", "reshape", sizes=(12,)),
    ],
    "transpose": [
        Graph((4, 5, 6)).add("it", "transpose", first=first, second=second)
        for first, second in ((1, 2), (3, 1), (2, 2))
    ],
    "softmax": [
        *_any_rank("softmax"),
        *(Graph((4, 5, 6)).add("it", "softmax", axis=axis) for axis in (2, 3)),
    ],
    "matmul": _products(),
    "max_pool2d": _windows("max_pool2d", POOLS) + _signals("max_pool2d", *POOLS[:2]),
    "avg_pool2d": _windows("avg_pool2d", POOLS) + _signals("avg_pool2d", *POOLS[:2]),
    "global_avg_pool": [*_plain("global_avg_pool"), Graph(SIGNAL).add("it", "global_avg_pool")],
    "shift": [
        Graph(shape).add("it", "shift", pixels=n)
        for shape, n in itertools.product((*SIZES, SIGNAL), (1, 3, 7, 8, 20))
    ],
    **{name: _plain(name) for name in ACTIVATIONS},
    "leaky_relu": _plain("leaky_relu", {"slope": 0.01}, {"slope": 0.3}, {"slope": 0.0}),
    "dropout": _plain("dropout", {"rate": 0.0}, {"rate": 0.7}),
    "drop_path": _plain("drop_path"),
    "identity": _plain("identity"),
    "zero": [
        Graph(shape).add("it", "zero", stride=stride)
        for shape, stride in itertools.product((*SIZES, SIGNAL), STRIDES)
    ],
    "split": _plain("split", {"parts": 2, "index": 0}, {"parts": 4, "index": 3}),
    "shuffle": _plain("shuffle", {"groups": 1}, {"groups": 2}, {"groups": 4}),
    "tied_linear": _vectors("tied_linear", out=5),
    **{name: _vectors(name) for name in VARIATIONAL},
    "subtract": _branches("subtract", "input", "tanh"),
    "add": _branches("add", "input", "tanh") + _branches("add", "relu", "relu", "tanh", "input"),
    "multiply": _branches("multiply", "tanh", "pooled") + _branches("multiply", "relu", "tanh"),
    "max": _branches("max", "input", "tanh") + _branches("max", "input", "tanh", "relu"),
    "min": _branches("min", "input", "tanh") + _branches("min", "input", "tanh", "relu"),
    "mean": _branches("mean", "input", "tanh") + _branches("mean", "input", "tanh", "relu"),
    "concat": _branches("concat", "input", "half") + _branches("concat", "half", "relu", "half"),
}


def _network(graph: PrimitiveGraph, seed: int = 0) -> TorchNetwork:
    """Return a network in float64 whose tensors are all different and none trivial."""
    network = TorchNetwork(graph, torch.Generator().manual_seed(seed))
    network.load_arrays(random_weights(graph, seed))
    return network.double()


def _images(graph: PrimitiveGraph, batch: int = 3) -> Tensor:
    return torch.from_numpy(random_images(graph, batch)).double()


def test_every_primitive_has_a_torch_form_or_is_done_by_the_executor() -> None:
    cells = {*FORMS, *DONE_BY_THE_EXECUTOR}
    assert sorted(set(PRIMITIVES) - cells) == [], "primitives without a torch form"
    assert sorted(cells - set(PRIMITIVES)) == [], "torch forms of no primitive"
    assert not DONE_BY_THE_EXECUTOR & set(FORMS)


def test_every_form_is_tested() -> None:
    assert set(CASES) == set(FORMS) - OF_PASSES - {"embedding"}  # it reads tokens
    for name, graphs in CASES.items():
        assert all(name in {n.primitive for n in graph.done().nodes} for graph in graphs)


@pytest.mark.parametrize("primitive", CASES)
def test_output_has_the_shape_of_the_catalogue(primitive: str) -> None:
    graphs = [graph.done() for graph in CASES[primitive]]
    for graph, training in product(graphs, (True, False)):
        output = _network(graph).train(training)(_images(graph))[0]
        assert output.shape == (3, *graph.by_name[graph.output].shape), graph.nodes[-1]
        assert output.dtype == torch.float64


@pytest.mark.parametrize("primitive", CASES)
def test_form_computes_what_the_reference_computes(primitive: str) -> None:
    for graph in (g.done() for g in CASES[primitive]):
        with torch.no_grad():
            found = _network(graph).eval()(_images(graph))[0]
        weights = random_weights(graph)
        expected = interpret(graph, weights, random_images(graph, 3), torch.float64)
        torch.testing.assert_close(found, torch.from_numpy(expected), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("primitive", sorted(set(CASES) - {"zero"}))
def test_gradient_reaches_the_input_and_every_trained_weight(primitive: str) -> None:
    for graph in (g.done() for g in CASES[primitive]):
        network = _network(graph).train()
        network.run_state.generator = torch.Generator().manual_seed(0)
        images = _images(graph).requires_grad_()
        output = network(images)[0]
        (output * torch.linspace(-1, 2, output.numel()).double().view_as(output)).sum().backward()
        assert images.grad is not None
        assert images.grad.any() or not output.any(), graph.nodes[-1]
        for name, weight in network.named_parameters():
            assert weight.grad is not None, name
            assert weight.grad.any(), name


def test_trained_weights_are_parameters_and_statistics_are_not() -> None:
    for graph in (g.done() for graphs in CASES.values() for g in graphs):
        network = _network(graph)
        owned = [(f"{n.name}/{w.name}", w) for n in graph.nodes for w in n.weights]
        assert [k for k, _ in network.named_parameters()] == [k for k, w in owned if w.trained]
        assert [k for k, _ in network.named_buffers()] == [k for k, w in owned if not w.trained]


def test_zero_hands_on_neither_value_nor_gradient() -> None:
    graph = Graph((2, 3, 3)).add("z", "zero", stride=(2, 2)).done()
    images = torch.full((1, 2, 3, 3), torch.nan)
    output = _network(graph)(images.requires_grad_())[0]
    assert output.shape == (1, 2, 2, 2)
    assert not output.any()
    assert not output.requires_grad


def test_batch_norm_trains_on_the_batch_and_evaluates_on_running_statistics() -> None:
    graph = Graph((1, 1, 2)).add("b", "batch_norm", affine=False, eps=0.5, momentum=0.25).done()
    network = TorchNetwork(graph, torch.Generator())
    images = torch.tensor([[[[1.0, 2.0]]], [[[3.0, 6.0]]]])  # mean 3, variance 3.5 (of n), 14/3
    expected = (images - 3) / (3.5 + 0.5) ** 0.5
    torch.testing.assert_close(network.train()(images)[0], expected)
    mean, variance = 0.75 * 0 + 0.25 * 3, 0.75 * 1 + 0.25 * 14 / 3
    torch.testing.assert_close(network.get_buffer("b/running_mean"), torch.tensor([mean]))
    torch.testing.assert_close(network.get_buffer("b/running_var"), torch.tensor([variance]))
    expected = (images - mean) / (variance + 0.5) ** 0.5
    torch.testing.assert_close(network.eval()(images)[0], expected)
    torch.testing.assert_close(network.get_buffer("b/running_mean"), torch.tensor([mean]))


def test_shift_moves_up_and_left_and_zeros_come_in() -> None:
    graph = Graph((1, 3, 3)).add("s", "shift", pixels=1).done()
    images = torch.arange(1.0, 10.0).view(1, 1, 3, 3)
    expected = [[5.0, 6.0, 0.0], [8.0, 9.0, 0.0], [0.0, 0.0, 0.0]]
    assert TorchNetwork(graph, torch.Generator())(images)[0][0, 0].tolist() == expected


def test_shuffle_takes_one_channel_of_each_group_in_turn() -> None:
    graph = Graph((6, 1, 1)).add("s", "shuffle", groups=3).done()
    images = torch.arange(12.0).view(2, 6, 1, 1)
    output = TorchNetwork(graph, torch.Generator())(images)[0]
    assert output[:, :, 0, 0].tolist() == [[0, 2, 4, 1, 3, 5], [6, 8, 10, 7, 9, 11]]


def test_padding_of_pools_does_not_count() -> None:
    images = torch.tensor([[[[-4.0, -3.0], [-2.0, -1.0]]]])
    window: Attributes = {"kernel": (3, 3), "stride": (1, 1), "padding": (1, 1)}
    for primitive, value in (("max_pool2d", -1.0), ("avg_pool2d", -2.5)):
        graph = Graph((1, 2, 2)).add("p", primitive, **window).done()
        output = TorchNetwork(graph, torch.Generator())(images)[0]
        assert output.tolist() == [[[[value, value], [value, value]]]]


def test_an_embedding_gives_the_rows_of_its_table() -> None:
    graph = Graph(()).add("e", "embedding", out=3, words=5).done()
    network = _network(graph)
    tokens = torch.tensor([4, 0, 0])
    table = network.get_parameter("e/weight")
    assert torch.equal(network(tokens)[0], torch.stack([table[4], table[0], table[0]]))


def test_a_stack_is_summed_part_by_part() -> None:
    graph = Graph((4, 3, 3)).add("a", "relu").add("b", "stack", "input", "a", "input")
    images = torch.randn(2, 4, 3, 3)
    stacked = TorchNetwork(graph.done(), torch.Generator())(images)[0]
    assert torch.equal(stacked, torch.cat([images, images.relu(), images]))
    summed = TorchNetwork(graph.add("c", "sum_stack", groups=3).done(), torch.Generator())(images)
    torch.testing.assert_close(summed[0], images + images.relu() + images)
