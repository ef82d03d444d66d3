from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from dslnas.backends.onnx.emitters import EMITTERS
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.traits import Trait
from tests.backends.onnx_run import assert_parity, assert_shapes, emit, run
from tests.backends.reference_graphs import Graph
from tests.primitives import ACTIVATIONS, OF_PASSES, VARIATIONAL, with_trait

VANISHING = with_trait(Trait.INFERENCE_IDENTITY)
RECURRENT = {"embedding", "tied_linear", *VARIATIONAL}
"""Primitives that read no images; `test_onnx_sequence` compares it."""
ODD = (4, 7, 9)
SIGNAL = (4, 9)


def _conv(**given: object) -> PrimitiveGraph:
    attributes = {"kernel": (3, 3), "out": 6, "stride": (1, 1), "padding": (1, 1), **given}
    return Graph(ODD).add("c", "conv", **attributes).done()  # type: ignore[arg-type]


def _signal(primitive: str, **given: object) -> PrimitiveGraph:
    attributes = {"kernel": (3, 3), "stride": (1, 1), "padding": (1, 1), **given}
    return Graph(SIGNAL).add("it", primitive, **attributes).done()  # type: ignore[arg-type]


def _pool(primitive: str, kernel: tuple[int, int], stride: int, pad: tuple[int, int]) -> Graph:
    return Graph(ODD).add("p", primitive, kernel=kernel, stride=(stride, stride), padding=pad)


def _branches(primitive: str, *names: str) -> Graph:
    """Join branches that differ: of the input's shape, its mean over pixels, half its channels."""
    graph = (
        Graph(ODD)
        .add("tanh", "tanh", "input")
        .add("relu", "relu", "input")
        .add("pooled", "global_avg_pool", "input")
        .add("gate", "sigmoid", "pooled")
        .add("half", "split", "input", parts=2, index=1)
    )
    return graph.add("joined", primitive, *names)


CASES = {
    "conv": [
        _conv(),
        _conv(bias=True),
        _conv(stride=(2, 2)),
        _conv(stride=(2, 1), kernel=(3, 1), padding=(1, 0)),
        _conv(stride=(1, 2), kernel=(1, 5), padding=(0, 2)),
        _conv(kernel=(2, 4), padding=(0, 1)),
        _conv(dilation=(2, 2), padding=(2, 2)),
        _conv(dilation=(2, 3), padding=(0, 4), stride=(2, 2)),
        _conv(out=4, groups=4),
        _conv(out=8, groups=4, bias=True, stride=(2, 2)),
        _conv(groups=2, kernel=(1, 1), padding=(0, 0)),
        _conv(kernel=(1, 1), padding=(2, 1)),
        _signal("conv", out=6, groups=2, dilation=(2, 2), bias=True),
        _signal("conv", out=4, groups=4, stride=(2, 2)),
    ],
    "linear": [
        Graph(ODD).add("f", "linear", out=5).done(),
        Graph(ODD).add("f", "linear", out=5, bias=False).done(),
        Graph(SIGNAL).add("f", "linear", out=5).done(),
        Graph(ODD).add("f", "linear", out=5).add("g", "linear", out=3).done(),
        Graph(ODD).add("p", "global_avg_pool").add("f", "linear", out=3).done(),
    ],
    "bounded_linear": [
        Graph(ODD).add("f", "bounded_linear", out=5).done(),
        Graph(ODD).add("p", "global_avg_pool").add("f", "bounded_linear", out=3, bound=0.1).done(),
    ],
    "rescale": [
        Graph(ODD).add("t", "tanh").add("r", "rescale", factor=f, offset=o).done()
        for f, o in ((0.5, -2.0), (0.5, 0.0), (1.0, -2.0), (1.0, 0.0))
    ]
    + [
        Graph(ODD)
        .add("c", "conv", kernel=(1, 1), stride=(1, 1), padding=(0, 0), out=3)
        .add("r", "rescale", factor=0.5, offset=-2.0)
        .add("n", "batch_norm", affine=True)
        .done()
    ],
    "flatten": [
        Graph(ODD).add("f", "flatten").add("g", "flatten").done(),
    ],
    "entries": [
        Graph(ODD).add("e", "entries").add("f", "flatten").done(),
        Graph(ODD).add("f", "flatten").add("e", "entries").done(),
    ],
    "batch_norm": [
        Graph(ODD).add("b", "batch_norm", affine=True).done(),
        Graph(ODD).add("b", "batch_norm", affine=False).done(),
        Graph(ODD).add("b", "batch_norm", affine=True, eps=0.5).done(),
        Graph(ODD)
        .add("f", "linear", out=5)
        .add("r", "relu")
        .add("b", "batch_norm", affine=False, eps=1e-3)
        .done(),
    ],
    "max_pool2d": [
        _pool("max_pool2d", (3, 3), 1, (1, 1)).done(),
        _pool("max_pool2d", (3, 3), 2, (1, 1)).done(),
        _pool("max_pool2d", (2, 2), 2, (0, 0)).done(),
        _pool("max_pool2d", (5, 2), 2, (2, 1)).done(),
        _pool("max_pool2d", (7, 7), 1, (3, 3)).done(),
        _signal("max_pool2d", stride=(2, 2)),
    ],
    "avg_pool2d": [
        _pool("avg_pool2d", (3, 3), 1, (1, 1)).done(),
        _pool("avg_pool2d", (3, 3), 2, (1, 1)).done(),
        _pool("avg_pool2d", (2, 2), 2, (0, 0)).done(),
        _pool("avg_pool2d", (5, 2), 2, (2, 1)).done(),
        _pool("avg_pool2d", (5, 5), 3, (0, 0)).done(),
        _pool("avg_pool2d", (4, 4), 2, (2, 2)).done(),
        _signal("avg_pool2d"),
    ],
    "layer_norm": [
        Graph(shape).add("n", "layer_norm", affine=affine, eps=0.01).done()
        for shape in (ODD, SIGNAL, (8,))
        for affine in (True, False)
    ],
    "group_norm": [
        Graph(shape).add("n", "group_norm", groups=groups, affine=groups == 2).done()
        for shape in (ODD, SIGNAL, (8,))
        for groups in (1, 2)
    ],
    "scale": [Graph(shape).add("s", "scale").done() for shape in (ODD, SIGNAL, (8,))],
    "position": [Graph(shape).add("p", "position").done() for shape in (ODD, SIGNAL, (8,))],
    "upsample": [Graph(shape).add("u", "upsample", factor=3).done() for shape in (ODD, SIGNAL)],
    "reshape": [Graph(ODD).add("r", "reshape", sizes=s).done() for s in ((14, 18), (252,))],
    "transpose": [
        Graph(ODD).add("t", "transpose", first=first, second=second).done()
        for first, second in ((1, 2), (3, 1))
    ],
    "softmax": [Graph(ODD).add("s", "softmax", axis=axis).done() for axis in (1, 2, 3)],
    "matmul": [
        Graph(shape)
        .add("t", "transpose", first=len(shape) - 1, second=len(shape))
        .add("m", "matmul", *names)
        .done()
        for shape, names in ((ODD, ("input", "t")), (SIGNAL, ("t", "input")))
    ],
    "global_avg_pool": [Graph(shape).add("p", "global_avg_pool").done() for shape in (ODD, SIGNAL)],
    "shift": [
        Graph(shape).add("s", "shift", pixels=n).done()
        for shape in (ODD, SIGNAL)
        for n in (1, 3, 7, 8, 20)
    ],
    **{name: [Graph(ODD).add("a", name).done()] for name in ACTIVATIONS},
    "leaky_relu": [Graph(ODD).add("a", "leaky_relu", slope=s).done() for s in (0.01, 0.3, 0.0)],
    "dropout": [Graph(ODD).add("r", "relu").add("d", "dropout", rate=0.9).done()],
    "drop_path": [Graph(ODD).add("r", "relu").add("d", "drop_path").done()],
    "identity": [
        Graph(ODD).add("i", "identity").done(),
        Graph(ODD).add("i", "identity").add("r", "relu").add("j", "identity").done(),
    ],
    "zero": [Graph(ODD).add("z", "zero", stride=s).done() for s in ((1, 1), (2, 2), (2, 1))],
    "split": [
        Graph(ODD).add("s", "split", parts=parts, index=index).done()
        for parts, index in ((1, 0), (2, 0), (2, 1), (4, 2))
    ],
    "shuffle": [Graph(ODD).add("s", "shuffle", groups=n).done() for n in (1, 2, 4)]
    + [Graph(SIGNAL).add("s", "shuffle", groups=2).done()],
    "add": [
        _branches("add", "input", "tanh").done(),
        _branches("add", "input", "tanh", "input", "relu").done(),
        _branches("add", "relu", "relu").done(),
    ],
    "subtract": [
        _branches("subtract", "input", "tanh").done(),
        _branches("subtract", "gate", "pooled").done(),
    ],
    "multiply": [
        _branches("multiply", "input", "tanh").done(),
        _branches("multiply", "input", "gate").done(),
        _branches("multiply", "gate", "tanh").done(),
        _branches("multiply", "pooled", "gate", "pooled", "relu", "tanh").done(),
    ],
    "max": [
        _branches("max", "input", "tanh").done(),
        _branches("max", "tanh", "input", "relu").done(),
    ],
    "min": [
        _branches("min", "input", "tanh").done(),
        _branches("min", "tanh", "input", "relu").done(),
    ],
    "mean": [
        _branches("mean", "input", "tanh").done(),
        _branches("mean", "input", "tanh", "relu").done(),
    ],
    "concat": [
        _branches("concat", "input", "half").done(),
        _branches("concat", "half", "tanh", "half").done(),
        Graph(ODD)
        .add("f", "linear", out=5)
        .add("g", "relu", "f")
        .add("c", "concat", "f", "g")
        .done(),
    ],
}


def test_every_primitive_has_a_form_or_no_need_of_one() -> None:
    cells = [*EMITTERS, *VANISHING, *OF_PASSES, "mix", "state"]
    assert [name for name, count in Counter(cells).items() if count > 1] == []
    assert sorted(set(PRIMITIVES) - set(cells)) == [], "primitives without an ONNX form"
    assert sorted(set(cells) - set(PRIMITIVES)) == [], "ONNX forms of no primitive"


def test_every_form_is_compared_with_the_reference() -> None:
    assert set(CASES) | RECURRENT == (set(EMITTERS) | VANISHING)
    for name, graphs in CASES.items():
        assert all(any(node.primitive == name for node in graph.nodes) for graph in graphs)


@pytest.mark.parametrize("primitive", CASES)
def test_primitive_computes_what_the_reference_computes(primitive: str) -> None:
    for graph in CASES[primitive]:
        model = assert_parity(graph, batches=(3,))
        assert_shapes(graph, model)


# ---- values that are known without the reference ------------------------------------------------


def _output(graph: Graph, image: list[list[float]]) -> list[list[float]]:
    result = run(emit(graph.done()), np.array(image, np.float32)[None, None])
    return [[round(float(x), 6) for x in row] for row in result[0, 0]]


def test_shift_moves_up_and_left_and_zeros_come_in() -> None:
    image = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
    graph = Graph((1, 3, 3)).add("s", "shift", pixels=1)
    assert _output(graph, image) == [[5.0, 6.0, 0.0], [8.0, 9.0, 0.0], [0.0, 0.0, 0.0]]


def test_padding_of_max_pool_is_no_zero() -> None:
    graph = Graph((1, 2, 2)).add("p", "max_pool2d", kernel=(3, 3), stride=(1, 1), padding=(1, 1))
    assert _output(graph, [[-4.0, -3.0], [-2.0, -1.0]]) == [[-1.0, -1.0], [-1.0, -1.0]]


def test_padding_of_avg_pool_does_not_count() -> None:
    graph = Graph((1, 2, 3)).add("p", "avg_pool2d", kernel=(3, 3), stride=(2, 2), padding=(1, 1))
    assert _output(graph, [[1.0, 2.0, 3.0], [5.0, 6.0, 10.0]]) == [[3.5, 5.25]]


def test_gelu_is_the_exact_one() -> None:
    graph = Graph((1, 1, 3)).add("g", "gelu")
    assert _output(graph, [[-1.0, 0.0, 2.0]]) == [[-0.158655, 0.0, 1.9545]]


def test_zero_does_not_hand_on_what_is_no_number() -> None:
    graph = Graph((1, 1, 2)).add("z", "zero", stride=(1, 1))
    assert _output(graph, [[float("nan"), float("inf")]]) == [[0.0, 0.0]]
